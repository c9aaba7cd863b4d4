package redact

import (
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// wordsWith returns a maker of values of n characters of an alphabet, with a digit and a
// letter among them.
func wordsWith(alphabet string, n int) func(canaries) string {
	return func(c canaries) string { return c.chars(alphabet, n-2) + "b7" }
}

var (
	tokenWord = wordsWith(tokens64, 40)
	upperWord = wordsWith("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 24)
)

// plantedKeys are known by how they begin, or by what stands around them.
var plantedKeys = []planted{
	{"keys of code hosts", tokenWord, answered("text/plain"), []string{"use ghp_§ here", "see glpat-§.", "a github_pat_11ABCDEFG0_§ b", "run with glrt-§\n"}},
	{"keys of code hosts, others", tokenWord, answered("text/plain"), []string{"gldt-§", "x ATATT3xFfGF0§ y", "x ATCTT3xFfGN0§", "glcbt-64_§"}},
	{"keys of registries", tokenWord, answered("text/plain"), []string{"npm_§", "pypi-AgEIcHlwaS5vcmc§", "rubygems_§", "dckr_pat_§"}},
	{"keys of model services", tokenWord, answered("text/plain"), []string{"sk-ant-api03-§", "sk-proj-§", "hf_§", "gsk_§"}},
	{"keys of model services, others", tokenWord, answered("text/plain"), []string{"r8_§", "xai-§", "pplx-§", "sk-or-v1-§"}},
	{"keys of shops and payments", tokenWord, answered("text/plain"), []string{"sk_live_§", "rk_test_§", "shpat_§", "sq0csp-§"}},
	{"keys of shops and payments, others", tokenWord, answered("text/plain"), []string{"shpss_§", "sq0atp-§", "EAAAE§", "whsec_§"}},
	{"keys of chats", tokenWord, answered("text/plain"), []string{"xoxb-123456789012-§", "xoxe.xoxp-1-§", "https://hooks.slack.com/services/T00000000/B00000000/§", "https://discord.com/api/webhooks/123456789012345678/§"}},
	{"bots of chats", wordsWith(tokens64, 35), answered("text/plain"), []string{"https://api.telegram.org/bot123456789:§/getMe", "bot token 123456789:§", "123456789:§", "x bot987654321:§/sendMessage"}},
	{"keys of clouds", upperWord, answered("text/plain"), []string{"AKIA§", "ASIA§", "LTAI5t§", "AKID§"}},
	{"keys of clouds, others", tokenWord, answered("text/plain"), []string{"dop_v1_§", "ya29.a0§", "GOCSPX-§", "AIzaSy§"}},
	{"keys of platforms", tokenWord, answered("text/plain"), []string{"HRKU-§", "fm2_§", "sbp_§", "pscale_tkn_§"}},
	{"keys of platforms, others", tokenWord, answered("text/plain"), []string{"rnd_§", "vercel_blob_rw_§", "CFPAT-§", "pul-§"}},
	{"keys of vaults", tokenWord, answered("text/plain"), []string{"hvs.§", "hvb.§", "dp.pt.§", "x.atlasv1.§"}},
	{"keys of monitoring", tokenWord, answered("text/plain"), []string{"glsa_§", "glc_§", "sntrys_§", "NRAK-§"}},
	{"keys of monitoring, others", tokenWord, answered("text/plain"), []string{"dt0c01.ABCDEFGH.§", "NRII-§", "phx_§", "sntryu_§"}},
	{"keys of mail services", tokenWord, answered("text/plain"), []string{"SG.abcdefghijklmnopqrstuv.§", "key-§", "xkeysib-§", "re_§"}},
	{"keys of work tools", tokenWord, answered("text/plain"), []string{"lin_api_§", "ntn_§", "figd_§", "PMAK-§"}},
	{"keys of work tools, others", tokenWord, answered("text/plain"), []string{"secret_§", "patAbCdEfGh123456.§", "CCIPAT_§", "pat-na1-§"}},
	{"keys of data services", tokenWord, answered("text/plain"), []string{"dapi§", "AKCp8§", "tskey-auth-§", "sdk-§"}},
	{"keys in code and JSON", tokenWord, answered(jsonType), []string{`{"x":"glsa_§"}`, `["lin_api_§"]`, `{"a":"use npm_§ please"}`, `{"u":"https:\/\/hooks.slack.com\/services\/T0\/B0\/§"}`}},
	{"keys in a URL", tokenWord, inTarget, []string{"/x?a=glpat-§", "/glsa_§/x", "/bot123456789:§/getMe", "/services/T00000000/B00000000/§"}},
	{"hashes of bcrypt", func(c canaries) string { return c.chars(tokens64+"./", 53) }, answered("text/plain"), []string{"$2b$12$§", "ann:$2y$10$§\n", "hash $2a$04$§ end", "('ann','$2b$10$§')"}},
	{"hashes of argon2 and scrypt", func(c canaries) string { return c.chars(tokens64, 42) + "7" }, answered(jsonType), []string{`{"x":"$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$§"}`, `{"x":"$argon2i$v=19$m=16,t=2,p=1$c2FsdHNhbHQ$§"}`, `{"x":"$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$§"}`, `{"x":"$7$C6..../....SodiumChloride$§"}`}},
	{"hashes of systems", func(c canaries) string { return c.chars(tokens64+"./", 85) + "7" }, answered("text/plain"), []string{"root:$6$saltsalt$§:19000:0:99999:7:::\n", "$5$rounds=5000$saltsalt$§", "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$§", "ann:$apr1$saltsalt$§\n"}},
	{"hashes of frameworks", func(c canaries) string { return c.chars(tokens64, 42) + "=" }, answered("text/plain"), []string{"pbkdf2_sha256$600000$saltsalt$§", "{SSHA}§", "scrypt:32768:8:1$saltsalt$§", "$pbkdf2-sha512$25000$saltsalt$§"}},
	{"keys of PGP", blockOf, answered("text/plain"), []string{"-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: x\n\n§\n=aBc1\n-----END PGP PRIVATE KEY BLOCK-----\n", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n§\n-----END PGP PRIVATE KEY BLOCK-----"}},
	{"keys of PuTTY", blockOf, answered("text/plain"), []string{"PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nComment: x\nPublic-Lines: 1\nAAAA\nPrivate-Lines: 1\n§\nPrivate-MAC: 00\n", "PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: none\r\nComment: x\r\nPublic-Lines: 1\r\nAAAA\r\nPrivate-Lines: 1\r\n§\r\nPrivate-MAC: 00\r\n"}},
	{"key blocks", blockOf, answered("text/plain"), []string{"-----BEGIN OPENSSH PRIVATE KEY-----\n§\n-----END OPENSSH PRIVATE KEY-----\n", "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: \"x\"\n§\n---- END SSH2 ENCRYPTED PRIVATE KEY ----\n", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n§\n-----END ENCRYPTED PRIVATE KEY-----", "-----BEGIN OpenVPN Static key V1-----\n§\n-----END OpenVPN Static key V1-----\n"}},
	{"key blocks in JSON", blockOf, answered(jsonType), []string{`{"x":"-----BEGIN RSA PRIVATE KEY-----\n§\n-----END RSA PRIVATE KEY-----\n"}`, `{"a":"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n§\n-----END PGP PRIVATE KEY BLOCK-----"}`, `{"x":"PuTTY-User-Key-File-2: ssh-rsa\nPublic-Lines: 1\nAAAA\nPrivate-Lines: 1\n§\nPrivate-MAC: 0"}`, `{"data":"{\"x\":\"-----BEGIN EC PRIVATE KEY-----\\n§\\n-----END EC PRIVATE KEY-----\"}"}`}},
	{"keys of JOSE", wordsWith(tokens64, 43), answered(jsonType), []string{`{"kty":"EC","crv":"P-256","x":"a","y":"b","d":"§"}`, `{"keys":[{"kty":"oct","k":"§"}]}`, `{"d":"§","kty":"OKP","crv":"Ed25519","x":"a"}`, `{"kty":"RSA","n":"a","e":"AQAB","p":"§"}`}},
	{"keys of WireGuard and age", func(c canaries) string { return c.chars("ABCDEFGHJKLMNPQRSTUVWXYZ", 41) + "7=" }, answered("text/plain"), []string{"[Interface]\nPrivateKey = §\n", "PresharedKey = §\n", "PrivateKey=§\nAddress=10.0.0.1\n", "[Peer]\nPresharedKey=§\n"}},
	{"tokens in parts", func(c canaries) string { return c.chars(tokens64, 38) + "7b" }, answered("text/plain"), []string{"eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0..§.aaaaaaaaaaaaaaaa.bbbbbbbbbbbb", "v2.local.§", "v4.public.§", "x eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.§"}},
	{"files of accounts", someToken, answered(jsonType), []string{`{"auths":{"r.test":{"auth":"§"}}}`, `{"type":"service_account","private_key_id":"§"}`, `{"AccessKeyId":"x","SecretAccessKey":"§"}`, `{"installed":{"client_id":"a","client_secret":"§"}}`}},
}

// blockOf is one line of a block of base64.
func blockOf(c canaries) string { return c.chars(tokens64, 60) + "a7" + "Zz" }

// plantedLater had a name before and stand in the open in another encoding.
var plantedLater = []planted{
	{"later in UTF-16", someToken, later, []string{"utf16le", "utf16be"}},
	{"later in base64 of bytes", someToken, later, []string{"base64 0", "base64 1", "base64 2", "base64url 1"}},
	{"later in base64 twice", someToken, later, []string{"base64 twice"}},
	{"later in lines of base64", someToken, later, []string{"base64 lines"}},
	{"later in hexadecimal digits", someToken, later, []string{"hex", "HEX", "hex in bytes", "hex of a sentence"}},
	{"later in escapes", someToken, later, []string{"escapes", "braces", "short escapes", "entities"}},
	{"later percent-encoded", someToken, later, []string{"percent", "percent twice"}},
	{"later compressed", someToken, later, []string{"gzip", "gzip in a part", "gzip in base64", "zlib"}},
	{"later inside a longer word", someToken, later, []string{"prefixed", "suffixed", "dotted", "slashed"}},
	{"later in msgpack and protobuf", someToken, later, []string{"msgpack", "protobuf", "cbor", "bson"}},
	{"later in upper case", someToken, later, []string{"upper", "lower"}},
	{"passwords later in text", somePassword, later, []string{"sentence", "markup", "base64 0", "percent"}},
	{"words later in text", func(c canaries) string { return "sun" + c.chars(lowers, 9) }, later, []string{"sentence", "markup", "json", "query"}},
	{"values with signs later", someBase64, later, []string{"sentence", "percent", "json", "markup"}},
}

// later names a secret in one flow and plants it without a name in the next.
func later(text, s string) []*flow.Flow {
	named := post(get("/login"), jsonType, `{"password":`+quoted(s)+`}`)
	plain := "an ordinary beginning of a page, "
	var open *flow.Flow
	body := func(media, b string) { open = answer(get("/x"), media, b) }
	switch kind, arg, _ := strings.Cut(text, " "); kind {
	case "utf16le":
		body("text/plain", "\xff\xfe"+utf16Text(plain+s+" end", littleEndian))
	case "utf16be":
		body("text/plain", "\xfe\xff"+utf16Text(plain+s+" end", bigEndian))
	case "base64", "base64url":
		var b string
		switch arg {
		case "twice":
			b = base64Of(base64Of("x" + s))
		case "lines":
			b = base64Of("a text of some length with " + s + " in its middle, and some more behind it")
			b = b[:40] + `\r\n` + b[40:80] + `\r\n` + b[80:]
		default:
			b = base64Of("\x00\x01\x02" + strings.Repeat("\xff", int(arg[0]-'0')) + s + "\x00")
		}
		if kind == "base64url" {
			b = strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(b)
		}
		body(jsonType, `{"blob":"`+b+`"}`)
	case "hex", "HEX":
		b := hexOf(s)
		switch {
		case kind == "HEX":
			b = strings.ToUpper(b)
		case arg == "in bytes":
			b = "0001ff" + b + "00"
		case arg == "of a sentence":
			b = hexOf("so it is " + s + " then\n")
		}
		body("text/plain", "dump "+b+" end")
	case "escapes":
		body("text/javascript", `x="`+escapedAll(s)+`"`)
	case "braces":
		body("text/javascript", `x="`+bracedAll(s)+`"`)
	case "short":
		body("text/javascript", `x="`+hexEscapes(s)+`"`)
	case "entities":
		body(htmlType, "<p>"+entitiesAll(s)+"</p>")
	case "percent":
		b := percentAll(s)
		if arg == "twice" {
			b = percentAll(b)
		}
		open = get("/x?q=" + b)
	case "gzip":
		b := string(gzipped(plain + s))
		switch arg {
		case "in a part":
			open = post(get("/x"), "multipart/form-data; boundary=zz", "--zz\r\nContent-Disposition: form-data; name=f\r\nContent-Type: application/gzip\r\n\r\n"+b+"\r\n--zz--\r\n")
		case "in base64":
			body(jsonType, `{"blob":"`+base64Of(b)+`"}`)
		default:
			body("application/octet-stream", b)
		}
	case "zlib":
		body("application/octet-stream", string(deflated(plain+s)))
	case "prefixed":
		body("text/plain", "go to user-"+s+" now")
	case "suffixed":
		body("text/plain", "go to "+s+"-backup now")
	case "dotted":
		body("text/plain", "see "+s+".json")
	case "slashed":
		body("text/plain", "see /a/"+s+"/b")
	case "msgpack":
		body("application/msgpack", "\x81\xa1x"+msgpackString(s))
	case "protobuf":
		body("application/x-protobuf", protoString(1, "a")+protoString(2, s))
	case "cbor":
		body("application/cbor", "\xa1\x61x"+cborString(s))
	case "bson":
		body("application/bson", bsonString("x", s))
	case "upper":
		body("text/plain", plain+strings.ToUpper(s))
	case "lower":
		body("text/plain", plain+strings.ToLower(s))
	case "markup":
		body(htmlType, "<p>hello <b>"+strings.ReplaceAll(s, "&", "&amp;")+"</b></p>")
	case "json":
		body(jsonType, `{"x":["`+s+`"]}`)
	case "query":
		open = get("/find?q=" + s)
	default:
		body("text/plain", "you wrote "+s+" there")
	}
	return []*flow.Flow{named, open}
}
