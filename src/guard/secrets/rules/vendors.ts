import type { Template } from "../format.ts";

const UUID = "{alnum 8}-{alnum 4}-{alnum 4}-{alnum 4}-{alnum 12}";

/**
 * Services whose keys look like any other: only the service's name before them tells. By the
 * template of the key, the names as they stand in identifiers, in lower case.
 */
export const VENDOR_KEYS: readonly (readonly [template: Template, vendors: string])[] = [
  [
    "{alnum 32}",
    "algolia apilayer apimetrics assemblyai atera aviationstack axonaut bitbar box bulbul " +
      "calendarific chartmogul chatbot checklyhq clarifai codecov coinlayer countrylayer " +
      "currencyfreaks currencylayer currencyscoop dandelion datadog delighted detectify " +
      "detectlanguage diffbot discord droneci exchangerates facebook fastly feedier " +
      "financialmodelingprep finage finicity fixer flickr geoapify getresponse goodday " +
      "gtmetrix honeycomb ipapi ipgeolocation ipquality ipstack jotform knapsackpro " +
      "languagelayer lemlist linear linkpreview loyverse madkudu mailboxlayer mailerlite " +
      "mailjet mapquest marketstack mediastack moonclerk newsapi numverify nytimes onfleet " +
      "opencagedata openuv openweather owm pyowm paydirtapp pdflayer pdfshift pepipost " +
      "pipedream podio polygon postageapp privateai private-ai rawg route4me salescookie " +
      "scraperapi scraperbox scrapestack scrapingant scrapfly securitytrails semaphore " +
      "serpstack sherpadesk shodan signupgenius simfin speechtext spoonacular spotify " +
      "statuspal streak survicate taxjar theoddsapi the-odds-api ticketmaster toggl tomtom " +
      "travelpayouts trello twelvedata twilio tyntec upcdatabase upwave userstack vatlayer " +
      "verimail veriphone vpnapi walkscore weatherbit weatherstack webscraping yousign " +
      "zerobounce zerotier adafruit bittrex bitbucket jenkins infura meraki openai azure " +
      "adobe asana auth0 groovehq ip2location dfuse wistia coinbase cisco netcore kucoin " +
      "rollbar bugsnag mandrill unsplash giphy tmdb omdb lastfm steam riot pexels pixabay " +
      "weatherapi abstractapi",
  ],
  [
    "{hex 40}",
    "circleci cloudsmith datadog docparser facebook github klipfolio meraki monkeylearn " +
      "nicereply parseur segment sendbird sonar sonarqube sonarcloud stormboard tiingo " +
      "todoist vultr wandb zenrows bitly jenkins artifactory gitea forgejo gogs drone " +
      "newrelic rollbar statuspage",
  ],
  [
    "{alnum 40}",
    "airbrake beebole brandfetch buddyns buttercms calorieninja cicero cohere co_api " +
      "deepgram diggernaut enigma extractorapi fetchrss geocodify getgeoapi gitter helpscout " +
      "humanity hunter juro jumpcloud loadmill lokalise owlbot oopspam pandadoc pipedrive " +
      "powrbot qase shotstack simplesat sparkpost stockdata versioneye worksnaps zendesk " +
      "nasa.gov data.gov datagov particle aws amazon linode hetzner asana datadog twitter " +
      "github mapbox",
  ],
  ["{url 40}", "cloudflare gitter gocardless launchdarkly netlify bitly okta lob"],
  ["{hex 37}", "cloudflare"],
  [
    "{url 43}",
    "codemagic contentful gumroad gyazo leadfeeder newscatcher storecove supernotes netlify " +
      "unsplash",
  ],
  [
    "{hex 64}",
    "besnappy boostnote campayn codeclimate cc_test_reporter daily discord holistic prodpad " +
      "sentry virustotal youneedabudget rootly unplu freshbooks linode",
  ],
  [
    "{alnum 64}",
    "appsynergy codequiry confluent ccloud cryptocompare disqus freshbooks groove html2pdf " +
      "iconfinder ipinfodb jfrog artifactory kafka mavenlink mesibo moralis newrelic new- " +
      "relic new_relic partnerstack peopledatalabs protocols qubole rockset scrutinizer sumo " +
      "sumologic tmetric webflow wistia zipcodeapi qualaroo hellosign twitch hetzner",
  ],
  ["{any 64}", "auth0 bitbucket capsulecrm coinbase reachmail teletype hellosign qualaroo"],
  ["{padded 60}", "intercom dareboost clustdoc serphouse sportsmonk tly webscraper workstack"],
  [
    UUID,
    "anypoint apifonica blazemeter runscope blocknative bugsnag canny cliengo coda coinapi " +
      "collect2 findl guardian heroku hubspot interseller kucoin logz loginradius loggly " +
      "mailchannels magnetic messagebird message_bird message-bird moosend mongodb atlas " +
      "nftport npm_token _authtoken onesignal opsgenie postmark privacy railway refiner sauce " +
      "scaleway sendbird shortcut snyk splunk squarespace statuspage transferwise urlscan " +
      "zenscrape zipcodebase azure clubhouse jenkins bamboo honeybadger pushover figma " +
      "gitkraken pagerduty",
  ],
  [
    UUID,
    "deepai cloudmersive coinapi graphhopper holidayapi insightly kontent kylas selectpdf " +
      "tatum",
  ],
  [
    "{url 36}",
    "besttime cloudmersive holidayapi imagekit mixmax tallyfy vultr zonka insightly deepai",
  ],
  ["{alnum 36}", "vultr sslmate zonka apify"],
  [
    "{lower 24}",
    "atlassian jira confluence etsy exchangerate flightapi looker plaid happyscribe replyio " +
      "oanda",
  ],
  [
    "{alnum 24}",
    "betterstack codacy vercel oanda looker etsy happyscribe replyio cloudsight " + "betteruptime",
  ],
  ["{hex 24}", "kucoin sendbird"],
  ["{lower 30}", "alibaba aliyun plaid centralstationcrm twitch nimble nylas scrapeowl cloudimage"],
  ["{alnum 30}", "alibaba aliyun nimble nylas scrapeowl twitch"],
  [
    "{alnum 20}",
    "finnhub finicity looker statuscake noticeable tefter eraser karma timezoneapi getemail " +
      "github",
  ],
  ["{upper 20}", "eventbrite"],
  ["{url 20}", "nasdaq hiveage fxmarket quandl"],
  ["{alnum 22}", "apollo travis bugherd splunk convertkit honeycomb ethplorer proxycrawl"],
  ["{alnum 25}", "messagebird message_bird message-bird twitter visualcrossing baremetrics"],
  ["{url 25}", "baremetrics messagebird"],
  ["{alnum 26}", "mattermost timecamp"],
  ["{alnum 27}", "glassnode miro intrinio"],
  ["{alnum 28}", "browshot geocode tradier pollsapi fastforex cloverly"],
  ["{alnum 34}", "bscscan etherscan polygonscan snowtrace"],
  ["{url 34}", "pixabay pushbullet"],
  ["{alnum 35}", "craftmypdf worldcoinindex whoxy clearbit iexcloud stitchdata"],
  ["{word 35}", "clearbit iexcloud stitchdata"],
  ["{url 39}", "apitemplate blitapp blogger rocketreach fileio youtube"],
  ["{alnum 43}", "bitcoinaverage hybiscus linenotify meistertask mindmeister paralleldots"],
  ["{alnum 44}", "geckoboard intrinio paymoapp ritekit"],
  ["{any 44}", "bitbucket instabot unseal ibm float"],
  ["{url 44}", "ibm"],
  ["{alnum 45}", "salesflare twitter closecrm"],
  ["{alnum 46}", "voodoosms impala nuget"],
  [
    "{alnum 48}",
    "clockify foursquare restpack sigopt technicalanalysisapi commercejs packagecloud",
  ],
  ["{padded 48}", "currentsapi commercejs"],
  ["{alnum 50}", "dronahq lunchmoney twitter vyte overloop"],
  ["{url 50}", "rapidapi overloop"],
  ["{url 51}", "pandascore"],
  ["{alnum 52}", "dyspatch azure"],
  ["{alnum 54}", "optimizely"],
  ["{url 57}", "lessannoyingcrm"],
  ["{alnum 68}", "getgist"],
  ["{any 72-74}", "imagga mailgun"],
  ["{alnum 73}", "jfrog artifactory bintray xray stormglass"],
  ["{word 71}", "appoptics"],
  ["{word 75}", "snipcart omnisend"],
  ["{alnum 76}", "jupiterone"],
  ["{alnum 80}", "crowdin fulcrum scrapingbee"],
  ["{any 80-90}", "kraken yandex signaturit surveysparrow surveybot"],
  ["{b64 86}==", "azure appointedd bombbomb fullstory storage_key accountkey"],
  ["{any 88}", "appointedd bombbomb fullstory surveysparrow"],
  ["{any 96}", "elasticemail elastic"],
  ["{any 128}", "chatfuel dynalist yelp flat.io"],
  ["{b64 171-172}", "line"],
  ["{alnum 220}", "envoy"],
  ["{alnum 7}-{alnum 7}-{alnum 7}-{alnum 7}", "mailmodo requestfinance screenshotapi"],
  ["{alnum 8}-{alnum 8}-{alnum 8}-{alnum 8}", "ayrshare"],
  ["{upper 8}-{upper 8}", "raven"],
  ["{alnum 6}_{alnum 6}-{alnum 6}", "swiftype"],
  ["{alnum 23}_{alnum 8}", "alchemy"],
  ["{hex 32}-{hex 78-80}", "budibase"],
  ["{lower 8}-{alnum 32}", "zenkit"],
  ["{digit 4-12}-{hex 40}", "avaza"],
  ["{alnum 9}-{alnum 24}", "uptimerobot"],
  ["{alnum 16}_{any 64}", "nozbe"],
  [`${UUID}.{lower 40}`, "ditto"],
  ["{alnum 22}tt", "bannerbear storyblok"],
  ["k_{alnum 36-60}", "mailsac"],
  ["sk_{lower 32}", "iexapis"],
  ["pk_{lower 45}", "checio commercejs"],
  ["api_{dotted 45}", "closecrm"],
  ["key-{alnum 64}", "salesblink"],
  ["tkn.v1_{alnum 71}=", "teamwork"],
  ["{alnum 15}", "dropbox eagleeyenetworks"],
  [
    "{alnum 16}",
    "confluent linkedin linked-in linked_in coinlib convertapi formcraft metrilo raven",
  ],
  ["{alnum 14}", "linkedin linked-in linked_in ipinfo"],
  ["{alnum 17}", "airtable"],
  ["su{alnum 12}", "sumo"],
  ["{digit 15-25}-{alnum 20-45}", "twitter"],
  ["{digit 25}", "vbout"],
  ["{digit 12}|{url 24-40}", "facebook"],
  ["{hex 8}:{hex 8}", "contribsys"],
  ["{lower 32}-{lower 8}-{lower 8}", "mailgun mg"],
  ["{upper 22}{alnum 60-110}", "twitter"],
  ["{url 11}.{url 43}", "kagi"],
  ["{url 43}.{url 43}", "segment"],
  ["{hex 48}", "packagecloud"],
  ["{hex 60-64}", "netlify"],
  ["{anyhex 4}-{anyhex 8}-{anyhex 4}-{anyhex 4}-{anyhex 4}-{anyhex 12}", "figma"],
  ["{anyhex 4}-{anyhex 4}-{anyhex 6}-{anyhex 6}-{anyhex 8}", "everhour"],
  ["AK1{any 50-55}", "ecostruxure"],
  ["6L{url 38}", "recaptcha"],
  ["{digit 5-16}:A{url 34}", "telegr"],
  ["00{url 40}", "okta ssws"],
  ["(pk|sk|tk).{any 32-128}.{any 20-30}", "mapbox"],
  ["sk{hex 32}", "twilio"],
  ["{lower 20}", "thingsboard"],
  ["{alnum 84}", "azure"],
  ["{any 155}", "caflou"],
  ["{any 40-80}", "paypal"],
  ["{digit 16}", "asana"],
  ["{digit 18}", "discord"],
  [
    "{url 32}",
    "audd autoklose chatbot cloudplan ipifi pastebin paymongo positionstack prospect rebrandly " +
      "screenshotlayer uplead autopilot",
  ],
  ["{alnum 8}", "mockaroo"],
  ["{alnum 21}", "carboninterface"],
  ["{any 21}", "databox"],
  ["{any 24}", "d7network"],
  ["{word 29}", "userflow"],
  ["{alnum 31}", "worldweather shipday"],
  ["{alnum 33}", "simvoly"],
  ["{url 37}", "coveralls smartsheets"],
  ["{any 43}", "hereapi"],
  ["{url 57}", "less"],
  ["{alnum 62}", "planyo"],
  ["{word 65-100}", "kickbox"],
  ["{alnum 128}", "flat"],
  ["{any 148-152}", "borgbase"],
  ["{any 301-372}", "aiven helpcrunch lexigram simplynoted"],
  ["{dotted 340-1000}", "paperform storychief zeplin"],
  ["pk_{alnum 34}", "klaviyo"],
  ["pk_{alnum 2-12}_{alnum 28}", "courier"],
  ["{lower 25-30}_{digit 1}{lower 20}", "ngrok"],
  [
    "ey{url 10-400}.{any 20-1000}",
    "appfollow calendly conversiontools flightlabs formio lemonsqueezy livestorm monday rentman " +
      "stripo voicegain web3 wrike",
  ],
  ["{alnum 34-40}.{any 80-1000}", "cloudconvert edenai front lendflow moderation tallyfy viewneo"],
  ["YC{url 38}", "yandex"],
  ["{url 32-60}", "auth0"],
  ["{alnum 30-40}", "asana bitbucket"],
  ["{alnum 42}", "skrapp"],
  ["{alnum 60-70}", "trello"],
  ["{alnum 12}", "uclassify planetscale pscale"],
  ["{alnum 13}", "debounce"],
  ["{alnum 11}", "myintervals"],
  ["{upper 4}-{upper 42}", "newrelic"],
];
