package correlate

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/starling-load/starling/model"
)

// signIn is a session of a program in the browser that has its user authorised. say gives
// what the recording has in place of a secret.
func signIn(p *tape, i int, say func(string) string) {
	verifier := secretOf("verifier", i) + secretOf("more", i)[:20]
	sum := sha256.Sum256([]byte(verifier))
	challenge, state, code := base64.RawURLEncoding.EncodeToString(sum[:]), secretOf("state", i), secretOf("code", i)
	p.do("GET /authorize?response_type=code&client_id=board&state="+state+"&code_challenge="+say(challenge)+"&code_challenge_method=S256",
		"302\nLocation: /done?code="+code+"&state="+state)
	p.do("GET /done?code="+code+"&state="+state, "200"+asHTML)
	p.do("POST /token"+asForm+"grant_type=authorization_code&code="+code+"&code_verifier="+say(verifier), "200"+asJSON+`{"access_token":"`+secretOf("token", i)+`"}`)
}

// The hash of a key stands as a pseudonym in the recording, and so does the key.
func TestAProofKeyIsComputedAlsoWhereTheRecordingHasPseudonyms(t *testing.T) {
	pseudonym := func(s string) string { return strings.Map(rotated, s) }
	for form, say := range map[string]func(string) string{"{hex 52}": func(s string) string { return s }, "{base64url 52}": pseudonym} {
		t.Run(form, func(t *testing.T) {
			var sessions [][]Exchange
			secrets := map[string]bool{}
			for i := range 6 {
				p := newTape(i)
				signIn(p, i, func(s string) string {
					if said := say(s); said != s {
						secrets[said] = true
					}
					return say(s)
				})
				sessions = append(sessions, p.exchanges)
			}
			r := Learn(sessions, Options{Pseudonym: func(v string) bool { return secrets[v] }})
			want(t, "the hash", values(r, "GET /authorize"), "state=fresh {hex 32}, code_challenge=computed base64url(sha256(code_verifier)), code_verifier=fresh "+form)
			want(t, "the key", values(r, "POST /token"), "code=bound code, code_verifier=fresh "+form)
			if len(r.Unresolved) > 0 {
				t.Errorf("unresolved %+v, want none", r.Unresolved)
			}
		})
	}
}

// rotated turns letters into others.
func rotated(c rune) rune {
	switch {
	case c >= 'a' && c <= 'z':
		return 'a' + (c-'a'+13)%26
	case c >= 'A' && c <= 'Z':
		return 'A' + (c-'A'+13)%26
	}
	return c
}

// A state or a nonce is made up only where a user is to be authorised.
func TestAStateElsewhereIsAsRecorded(t *testing.T) {
	r := record(6, nil, func(p *tape, i int) {
		p.do("GET /lines?state="+secretOf(i)+"&client_id=board", "200")
	})
	want(t, "a state", values(r, "GET /lines"), "state=row")
}

// A user name is in the open in one session and a pseudonym in the next.
func TestAPseudonymOfADataValueIsThatValue(t *testing.T) {
	file := model.Source{Name: "people", Columns: []string{"name", "pin"}}
	for i := range 6 {
		file.Rows = append(file.Rows, []string{"walker-" + secretOf("n", i)[:4], secretOf("pin", i)[:9]})
	}
	var sessions [][]Exchange
	alias := map[string]string{}
	for i := range 12 {
		p, row := newTape(i), file.Rows[i%6]
		name := row[0]
		if i >= 6 {
			name = strings.Map(rotated, name)
			alias[name] = row[0]
		}
		p.do("POST /in"+asForm+"name="+name+"&pin="+row[1], "204")
		sessions = append(sessions, p.exchanges)
	}
	want(t, "the login", values(Learn(sessions, Options{Data: []model.Source{file}, Alias: alias}), "POST /in"), "name=data people.name, pin=data people.pin")
}
