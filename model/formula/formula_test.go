package formula

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// envOf is a request with values.
func envOf(values map[string]string) *Env {
	count := map[string]int{}
	return &Env{
		Value: func(name string) (string, error) {
			if v, ok := values[name]; ok {
				return v, nil
			}
			return "", fmt.Errorf("no value %s", name)
		},
		Count:  func(nonce string) int { count[nonce]++; return count[nonce] },
		Now:    time.Unix(1111111109, 0),
		Random: rand.New(rand.NewPCG(1, 2)),
	}
}

func TestFormulasComputeWhatTheStandardsSay(t *testing.T) {
	values := map[string]string{
		"key": "Jefe", "text": "what do ya want for nothing?", "user": "Aladdin", "password": "open sesame",
		"verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
		Method: "POST", Body: "{}", Target: "/a?b=1", Path: "/a", Query: "b=1", "items[0].id": "7", "x-y": "é",
	}
	for _, tt := range []struct{ name, formula, want string }{
		{"RFC 4231, case 2", `hex(hmac_sha256(key, text))`, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{"RFC 4231, case 2, SHA-384", `hex(hmac_sha384(key, text))`, "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"},
		{"RFC 2202, case 2", `hex(hmac_sha1(key, text))`, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
		{"RFC 2104", `hex(hmac_md5(key, text))`, "750c783e6ab0b503eaa86e310a5db738"},
		{"RFC 7617", `"Basic " + base64(user + ":" + password)`, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
		{"RFC 7636, appendix B", `base64url(sha256(verifier))`, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"},
		{"RFC 6238, last six digits", `totp(secret)`, "081804"},
		{"RFC 1321", `hex(md5("abc"))`, "900150983cd24fb0d6963f7d28e17f72"},
		{"FIPS 180", `upper(hex(sha1("abc")))`, "A9993E364706816ABA3E25717850C26C9CD0D89D"},
		{"parts of the request", `request.method + "\n" + request.path + "?" + request.query + lower("\t|X") + request.body`, "POST\n/a?b=1\t|x{}"},
		{"names of all kinds", "items[0].id+x-y", "7é"},
		{"decoding", `unhex("414b") + unbase64("QUs=") + unbase64("_-8")`, "AKAK\xff\xef"},
	} {
		f, err := Parse(tt.formula)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got, err := f.Eval(envOf(values)); err != nil || got != tt.want {
			t.Errorf("%s: %s = %q, %v; want %q", tt.name, f, got, err, tt.want)
		}
	}
}

// The examples of RFC 7616, 3.9.1, whose cnonce the client chose.
func TestTheResponseToAChallenge(t *testing.T) {
	for algorithm, want := range map[string]string{
		"MD5": "8ca523f5e9506fed4657c9700eebdbec", "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
	} {
		c := ParseDigest(`Basic realm="x", Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=` + algorithm +
			`, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`)
		answer := Challenge{"username": "Mufasa", "uri": "/dir/index.html", "nc": "00000001", "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "qop": "auth"}
		if got := c.Response(answer, "Circle of Life", "GET", ""); got != want {
			t.Errorf("%s: %s, want %s", algorithm, got, want)
		}
	}
	// RFC 2069, which knows no qop.
	c := ParseDigest(`Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"`)
	if got := c.Response(Challenge{"username": "Mufasa", "uri": "/dir/index.html"}, "CircleOfLife", "GET", ""); got != "1949323746fe6a43ef61f9606e7febea" {
		t.Errorf("without qop: %s", got)
	}
}

func TestChallengesAreAnsweredWithACountForEach(t *testing.T) {
	f, err := Parse(`digest(challenge, "bob \"b\"", password)`)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"request.method", "request.target", "request.body", "challenge", "password"}; !slices.Equal(f.Names(), want) {
		t.Errorf("names %q, want %q", f.Names(), want)
	}
	for _, algorithm := range []string{"", `, algorithm="MD5-sess"`, ", algorithm=SHA-256-sess", ", algorithm=SHA-512-256", `, qop="auth-int"`} {
		values := map[string]string{"challenge": `Digest realm="r", nonce="n", opaque="o", qop="auth"` + algorithm, "password": "pw", Method: "PUT", Target: "/d?x=1", Body: "text"}
		if strings.Contains(algorithm, "auth-int") {
			values["challenge"] = `Digest realm="r", nonce="n"` + algorithm
		}
		env := envOf(values)
		for n := 1; n <= 2; n++ {
			line, err := f.Eval(env)
			if err != nil {
				t.Fatal(err)
			}
			a := ParseDigest(line)
			if a["nc"] != fmt.Sprintf("%08d", n) || a["username"] != `bob "b"` || a["uri"] != "/d?x=1" || len(a["cnonce"]) != 16 {
				t.Errorf("answer %d is %s", n, line)
			}
			if want := ParseDigest(values["challenge"]).Response(a, "pw", "PUT", "text"); a["response"] != want {
				t.Errorf("response %s to %s, want %s", a["response"], values["challenge"], want)
			}
		}
	}
	if _, err := f.Eval(envOf(map[string]string{"challenge": `Basic realm="r"`, "password": ""})); err == nil {
		t.Error("a challenge of another scheme was answered")
	}
}

func TestParseNamesWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"": "expected before", `"a`: "not closed", "hex(a": "is not closed", "hex(a, b)": "has 1 arguments, not 2", "hox(a)": `no function "hox"`,
		"a b": "should end", "a +": "expected before", "hex()": "expected before", strings.Repeat("hex(", 30) + "a": "nested deeper",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q): %v, want %q", text, err, want)
		}
	}
}

func TestEvalSaysWhatIsMissing(t *testing.T) {
	for text, want := range map[string]string{"hex(nothing)": "no value nothing", `unhex("x")`: "unhex: the text is not hex", `totp("18")`: "not base32", `unbase64("é")`: "not base64"} {
		f, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Eval(envOf(nil)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`hex(hmac_sha256(k, request.body + "\n"))`, `"a" + b`, `digest(a, b, c)`, "totp(a)", `hex("`, "((", "é+\"\\x00\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := Parse(text)
		if err != nil {
			return
		}
		b, err := Parse(a.String())
		if err != nil || b.String() != a.String() {
			t.Fatalf("%q prints as %q, which reads as %q, %v", text, a, b, err)
		}
		env := envOf(nil)
		env.Value = func(name string) (string, error) {
			if len(name) == 1 {
				return name, nil
			}
			return "", errors.New("nothing")
		}
		a.Eval(env)
	})
}

func FuzzParseDigest(f *testing.F) {
	f.Add(`Digest realm="a\"b", nonce="n", qop="auth,auth-int"`)
	f.Add(`Basic realm="x", Digest nonce=abc,stale=true, Bearer x`)
	f.Add(`digest , ,=,nonce`)
	f.Fuzz(func(t *testing.T, value string) {
		if c := ParseDigest(value); c != nil && c["nonce"] == "" {
			t.Errorf("%q: %v", value, c)
		}
	})
}
