/**
 * Top-level domains in which people have mailboxes: every country's, the generic ones in common
 * use, and the reserved ones of RFC 2606 and private networks, which stand in examples. A name
 * behind an `@` that ends in none of them is taken for code.
 */
const NAMES = new Set(
  [
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs",
    "bt bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee",
    "eg er es et eu fi fj fk fm fo fr ga gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm",
    "hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb",
    "lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz",
    "na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs",
    "ru rw sa sb sc sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl",
    "tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw",
    "com net org edu gov mil int info biz name pro aero coop museum jobs mobi travel tel cat asia",
    "post academy agency app art audio bank bar berlin best bet bike bio blog boutique build",
    "business cafe cam camp capital care careers cash center chat church city cleaning clinic cloud",
    "club coach codes coffee community company computer consulting cool credit dance dating deals",
    "delivery dental design dev digital direct doctor domains earth education email energy engineer",
    "engineering estate events exchange expert family farm fashion finance financial fit fitness",
    "foundation fun fund fyi gallery games gifts gmbh green group guide guru hamburg health help",
    "host hosting house inc industries institute international koeln lat law legal life limited",
    "link live llc loan lol london ltd management marketing media money moscow movie network news",
    "nyc one online paris partners parts pharmacy photo photography photos physio pizza place plus",
    "press productions properties pub recipes rent repair report restaurant reviews rocks sale",
    "salon school science security services shop show site social software solar solutions space",
    "store studio support surf swiss systems tax taxi team tech technology tips tirol today tools",
    "tours town toys trade training university vegas ventures vet video vip wales watch website",
    "wedding wien wiki wine work works world wtf xyz yoga zone google apple amazon microsoft",
    "arpa bzh cymru eus gal gle llp ngo ong onl ooo quebec scot srl",
    "example test invalid corp home internal intranet lan",
  ].flatMap((line) => line.split(" ")),
);

/** Whether the last label of a name, in any case, is one of them, or not in ASCII at all. */
export function isMailDomain(label: string): boolean {
  const name = label.toLowerCase();
  return NAMES.has(name) || name.startsWith("xn--") || /^[^\0-\x7f]{2,24}$/.test(name);
}
