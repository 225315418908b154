/** Names of programs that are no words of prose: behind a separator they are meant. */
export const PROGRAMS: ReadonlySet<string> = new Set(
  (
    "bash zsh ksh csh tcsh dash fish ash busybox sudo doas su whoami uname ifconfig ipconfig netstat " +
    "wget curl nc ncat netcat telnet ssh scp sftp rsync socat nmap tcpdump dig nslookup traceroute " +
    "chmod chown chgrp chattr mkfifo mknod mkdir rmdir rm cp mv ls ln dd fdisk mkfs mount umount lsblk " +
    "cat tac nl tee awk gawk mawk sed grep egrep fgrep xargs xxd hexdump od strings base64 base32 " +
    "python python2 python3 perl ruby php node nodejs lua tclsh java javac gcc cc make gdb strace " +
    "ps pgrep pkill killall kill nohup crontab systemctl service iptables useradd usermod userdel " +
    "passwd chpasswd adduser groupadd visudo id pwd env printenv hostname uptime lastlog lsof " +
    "apt apt-get yum dnf apk pip pip3 npm npx gem docker kubectl helm git svn tar gzip gunzip zcat " +
    "bzip2 unzip zip openssl gpg ping ping6 wc uniq printf eval vi vim nano emacs ed ex less " +
    "mysql psql sqlite3 mysqldump redis-cli mongo mail sendmail mutt " +
    "powershell pwsh cmd iex iwr invoke-expression invoke-webrequest invoke-command start-process " +
    "certutil bitsadmin mshta regsvr32 rundll32 wmic cscript wscript msiexec schtasks netsh reg " +
    "regedit taskkill tasklist systeminfo vssadmin bcdedit bcdboot wevtutil icacls takeown attrib " +
    "dir findstr robocopy xcopy forfiles installutil msbuild cmstp control nltest dsquery " +
    "get-content get-childitem get-process new-object set-executionpolicy invoke-mimikatz downloadstring " +
    "ansible ansible-playbook terraform aws gcloud az sh chroot unshare nsenter setcap getcap " +
    "ldapsearch smbclient rpcclient tftp ftp aria2c lynx w3m links2 fetch shutdown reboot halt poweroff " +
    "insmod modprobe dmesg sysctl journalctl pkexec setuid stdbuf timeout flock taskset setsid ionice " +
    "c89 c99 cpan dmsetup easy_install facter gimp jjs jrunscript nroff nsenter start-stop-daemon " +
    "busctl capsh cpulimit crash dialog dpkg rpm expect find3 ghc ginsh git-shell ld.so logsave mawk " +
    "rlwrap rpmquery rview rvim screen scrot tmux script2 sqlite3 tclsh8 view2 vimdiff watch2 xelatex zypper " +
    "ll zstd zstdcat zstdgrep bzcat bzless xzcat xzgrep lzcat lzma unxz unlzma unzstd bsdtar bsdcat 7z 7za 7zr zgrep zless zmore " +
    "zipinfo funzip cpio uuencode uudecode basenc shuf csplit comm dos2unix nano pico hexedit " +
    "aptitude flatpak pacman emerge brew opkg ansible chef visudo vigr vipw cscli aa-disable aa-exec aa-complain " +
    "dnsmasq smbget rclone restic mosquitto_pub sshpass sshfs ssh-keygen ssh-keyscan ssh-agent scp pdftotext " +
    "iwmi gwmi icm gci saps sajb start-job get-wmiobject invoke-wmimethod invoke-cimmethod get-item remove-item " +
    "set-content add-content get-service stop-service new-service set-itemproperty get-acl set-acl import-module " +
    "sysinfo netdom whomai quser qwinsta wusa pnputil odbcconf pcalua forfiles esentutl expand.exe extrac32 " +
    "httpd nginx apachectl htpasswd ncat chkconfig ip arp route ss getent finger lsmod lscpu lspci lsusb"
  ).split(" "),
);

/** Names that are words too: they count where what follows them is no prose. */
export const WORDLIKE: ReadonlySet<string> = new Set(
  (
    "time who w date echo sleep set type top more head tail sort split join cut find test look last man " +
    "nice at host cd kill file touch source exec read write jobs wait export alias history function " +
    "cal free df du vmstat watch script screen view print start net copy del move ren md rd call for " +
    "if while until select case column paste fold rev tr expand fmt pr env local true false help " +
    "diff cmp comm patch install mount users groups state dump pico joe links control fetch"
  ).split(" "),
);

/** Programs whose names are names of fields too: `name;id;host`. */
export const FIELDLIKE: ReadonlySet<string> = new Set(
  (
    "id env host mail ip ss cc ex ed less passwd hostname timeout fetch control reg dir git node " +
    "docker java ruby python php perl expect screen tar route aws az service uptime zip make lynx " +
    "dash fish ash crash view dialog wc ls npm pip helm gem expect facter httpd nginx as strings"
  ).split(" "),
);

/** Folders and files that commands name when they mean harm. */
export const TARGET =
  /\/etc\/|\/dev\/(?:tcp|udp|shm|null)|\/bin\/|\/proc\/|\/var\/|\/root|\/tmp\/|~\/|\.ssh|id_rsa|passwd|shadow|%(?:systemroot|comspec|windir|temp|appdata)%|c:\\|hkey_|hkl[mu]/i;

/** Whether a word, as it stands, is the name of a program. */
export function isProgramName(word: string): boolean {
  return PROGRAMS.has(word) || WORDLIKE.has(word);
}
