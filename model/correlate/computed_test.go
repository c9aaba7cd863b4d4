package correlate

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/formula"
)

func hexOf(b []byte) string { return hex.EncodeToString(b) }

func macOf(key, text string) []byte {
	m := hmac.New(sha256.New, []byte(key))
	m.Write([]byte(text))
	return m.Sum(nil)
}

// formulaOf returns the formula of the value of an endpoint, in its first variant.
func formulaOf(r *Result, endpoint, name string) string {
	for _, v := range r.Endpoints[endpoint].Variants[0].Values {
		if v.Name == name && v.Kind == model.Computed {
			return v.Ref
		}
	}
	return "not computed: " + values(r, endpoint)
}

func TestSignaturesAreComputed(t *testing.T) {
	for name, tt := range map[string]struct {
		sign func(key, target, ts, body string) string
		want string
	}{
		"of the body":   {func(_, _, _, body string) string { s := sha256.Sum256([]byte(body)); return hexOf(s[:]) }, "hex(sha256(request.body))"},
		"in upper case": {func(_, _, _, body string) string { s := sha1.Sum([]byte(body)); return strings.ToUpper(hexOf(s[:])) }, "upper(hex(sha1(request.body)))"},
		"in base64": {func(_, _, _, body string) string {
			s := md5.Sum([]byte(body))
			return base64.StdEncoding.EncodeToString(s[:])
		}, "base64(md5(request.body))"},
		"with a key":        {func(key, _, _, body string) string { return hexOf(macOf(key, body)) }, "hex(hmac_sha256(key, request.body))"},
		"of time and body":  {func(key, _, ts, body string) string { return hexOf(macOf(key, ts+"."+body)) }, `hex(hmac_sha256(key, x-time + "." + request.body))`},
		"of the key itself": {func(key, _, ts, _ string) string { s := sha512.Sum512([]byte(key + ts)); return hexOf(s[:]) }, "hex(sha512(key + x-time))"},
		"of method, target and time": {func(key, target, ts, _ string) string {
			return base64.RawURLEncoding.EncodeToString(macOf(key, "POST\n"+target+"\n"+ts))
		},
			`base64url(hmac_sha256(key, request.method + "\n" + request.target + "\n" + x-time))`},
	} {
		t.Run(name, func(t *testing.T) {
			r := record(4, nil, func(p *tape, i int) {
				key := secretOf("key", i)
				p.do("POST /session"+asForm+"a=1", "200"+asJSON+`{"user":{"key":"`+key+`"}}`)
				for k := range 2 {
					ts, target, body := fmt.Sprint(p.now.UnixMilli()), fmt.Sprintf("/pay?n=%d", k), fmt.Sprintf(`{"amount":%d,"to":"acct %d"}`, 100+10*i+k, i)
					p.do("POST "+target+"\nX-Time: "+ts+"\nX-Sign: v1="+tt.sign(key, target, ts, body)+asJSON+body, "200")
				}
			})
			want(t, "formula", formulaOf(r, "POST /pay", "x-sign"), tt.want)
			if strings.Contains(tt.want, "key") {
				want(t, "key", from(r, "key"), "POST /session json:user.key")
			}
			for _, u := range r.Unresolved {
				if u.Endpoint == "POST /pay" {
					t.Errorf("unresolved %+v", u)
				}
			}
			if _, err := r.Endpoints["POST /pay"].Variants[0].Computation(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestASignatureWithAKeyThatNobodySawIsNotComputed(t *testing.T) {
	r := record(4, nil, func(p *tape, i int) {
		p.do("GET /", "200"+asJSON+`{"key":"`+secretOf("another", i)+`"}`)
		body := fmt.Sprintf(`{"n":%d}`, i)
		p.do("POST /pay\nX-Sign: "+hexOf(macOf("hidden", body))+asJSON+body, "200")
	})
	want(t, "values", values(r, "POST /pay"), "x-sign=row, n=row")
	if len(r.Unresolved) != 1 || r.Unresolved[0].Place != "header X-Sign" {
		t.Errorf("unresolved %+v, want the signature", r.Unresolved)
	}
}

// The hash of a verifier goes ahead, the verifier follows (RFC 7636).
func TestAProofOfPossessionIsComputedFromAValueThatIsMade(t *testing.T) {
	r := record(4, nil, func(p *tape, i int) {
		verifier := base64.RawURLEncoding.EncodeToString(macOf("verifier", fmt.Sprint(i)))
		sum := sha256.Sum256([]byte(verifier))
		p.do("GET /authorize?code_challenge="+base64.RawURLEncoding.EncodeToString(sum[:])+"&method=S256", "302\nLocation: /cb?code="+secretOf("code", i))
		p.do("POST /token"+asForm+"code="+secretOf("code", i)+"&code_verifier="+verifier, "200")
	})
	want(t, "challenge", formulaOf(r, "GET /authorize", "code_challenge"), "base64url(sha256(code_verifier))")
	want(t, "verifier", values(r, "POST /token"), "code=bound code, code_verifier=fresh {base64url 43}")
	hashed, sent := r.Endpoints["GET /authorize"].Variants[0], r.Endpoints["POST /token"].Variants[0]
	if diff := cmp.Diff(hashed.Rows, sent.Rows); diff != "" || !hashed.Values[1].Own || !sent.Values[1].Own || hashed.Values[1].Ref != sent.Values[1].Ref {
		t.Errorf("the verifier that is hashed is not the one that is sent: %v, %v\n%s", hashed.Values, sent.Values, diff)
	}
}

func TestOneTimePasswordsAreComputedFromTheirSecret(t *testing.T) {
	secrets := []string{"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU"}
	file := model.Source{Name: "people", Columns: []string{"user", "otp"}}
	for i, s := range secrets {
		file.Rows = append(file.Rows, []string{fmt.Sprint("user", i), s})
	}
	r := record(3, []model.Source{file}, func(p *tape, i int) {
		code, err := formula.TOTP(secrets[i], p.now.Add(-20*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		p.do("POST /login"+asForm+fmt.Sprintf("user=user%d&code=%s", i, code), "200")
	})
	want(t, "code", formulaOf(r, "POST /login", "code"), "totp(otp)")
	want(t, "values", values(r, "POST /login"), "user=data people.user, code=computed totp(otp), otp=data people.otp")
}

func TestBasicLoginsAreTheUsersOfTheDataFile(t *testing.T) {
	file := model.Source{Name: "people", Columns: []string{"user", "password"}, Rows: [][]string{{"eve", "x7Q!"}, {"fay", "sesame open"}, {"gil", "q"}, {"hal", "9000"}}}
	r := record(4, []model.Source{file}, func(p *tape, i int) {
		who := file.Rows[i]
		login := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(who[0]+":"+who[1]))
		p.do("GET /\n"+login, "200")
		if i == 0 {
			p.do("DELETE /all\n"+login, "200")
		}
	})
	want(t, "header", fmt.Sprint(r.Endpoints["GET /"].Variants[0].Request.Headers), "[{Authorization Basic ${Authorization_Basic}}]")
	want(t, "login", values(r, "GET /"), "user=data people.user, password=data people.password, Authorization_Basic=template ${user}:${password}")
	want(t, "login of one user alone", values(r, "DELETE /all"), "user=data people.user, password=data people.password, Authorization_Basic=template ${user}:${password}")
	want(t, "rows", fmt.Sprint(r.Rows), "[map[people:0] map[people:1] map[people:2] map[people:3]]")
}

// door records sessions that answer a challenge. The password of a user is in its session
// only if told.
func door(data []model.Source, told bool) *Result {
	return record(3, data, func(p *tape, i int) {
		who := people[0].Rows[i]
		challenge := `Digest realm="r, \"s\"", qop="auth", nonce="` + secretOf(i) + `", algorithm=SHA-256`
		if told {
			p.do("GET /hint", "200"+asJSON+`{"password":"`+who[1]+`"}`)
		}
		p.do("GET /d", "401\nWWW-Authenticate: "+challenge)
		for k := 1; k <= 2; k++ {
			a := formula.Challenge{"username": who[0], "uri": "/d", "qop": "auth", "nc": fmt.Sprintf("%08x", k), "cnonce": secretOf("c", i, k)[:16]}
			c := formula.ParseDigest(challenge)
			p.do(fmt.Sprintf("GET /d\nAuthorization: Digest username=%q, realm=%q, nonce=%q, uri=\"/d\", algorithm=SHA-256, qop=auth, nc=%s, cnonce=%q, response=%q",
				who[0], c["realm"], c["nonce"], a["nc"], a["cnonce"], c.Response(a, who[1], "GET", "")), "200")
		}
	})
}

func TestDigestLoginsAnswerTheLiveChallenge(t *testing.T) {
	r := door(people, false)
	v := r.Endpoints["GET /d"].Variants[0]
	want(t, "header", fmt.Sprint(v.Request.Headers), "[{Authorization ${authorization}}]")
	want(t, "login", values(r, "GET /d"), "authorization=computed digest(www-authenticate, user, password), www-authenticate=bound www-authenticate, user=data accounts.user, password=data accounts.password")
	want(t, "challenge", from(r, "www-authenticate"), "GET /d header:Www-Authenticate")
	want(t, "takes", fmt.Sprint(r.Acts[0][1].Takes, r.Acts[0][2].Takes), "[{0 0 0 0}] [{0 0 0 0}]")
	want(t, "a password that the recording shows", values(door(nil, true), "GET /d"),
		"authorization=computed digest(www-authenticate, username, password), www-authenticate=bound www-authenticate, username=row, password=row")
}

func TestADigestLoginWithoutItsPasswordIsNamed(t *testing.T) {
	r := door(nil, false)
	want(t, "login", values(r, "GET /d"), "authorization=row")
	if len(r.Unresolved) != 1 || r.Unresolved[0].Place != "header Authorization" || !strings.Contains(r.Unresolved[0].Edit, "--data") || !strings.Contains(r.Unresolved[0].Reason, "challenge") {
		t.Errorf("unresolved %+v, want the login", r.Unresolved)
	}
}
