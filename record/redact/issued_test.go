package redact

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

// call is an exchange: an answer of JSON to a request with a credential.
func call(host, authorization, answer string) *flow.Flow {
	f := &flow.Flow{Request: flow.Request{Method: "GET", Target: "/", Authority: host},
		Response: &flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "application/json"}}, Body: flow.NewBody([]byte(answer))}}
	if authorization != "" {
		f.Request.Headers = flow.Headers{{Name: "Authorization", Value: authorization}}
	}
	return f
}

// credentialOf returns what stands behind the scheme: of Basic, the password.
func credentialOf(authorization string) string {
	scheme, credential, _ := strings.Cut(authorization, " ")
	if scheme == "Basic" {
		if b, err := base64.StdEncoding.DecodeString(credential); err == nil {
			_, credential, _ = strings.Cut(string(b), ":")
		}
	}
	return credential
}

func TestACredentialThatAnAnswerShowedIsFollowed(t *testing.T) {
	const word = "9f8e7d6c5b4a39281706f5e4"
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("api:"+word))
	for _, c := range []struct {
		name, answer, host, credential string
		stays                          bool
	}{
		{"Bearer", `{"sha1":"` + word + `"}`, "a.test", "Bearer " + word, true},
		{"the password of Basic", `{"ref":"` + word + `"}`, "a.test", basic, true},
		{"another host showed it", `{"sha1":"` + word + `"}`, "b.test", "Bearer " + word, false},
		{"nobody showed it", `{"sha1":"x"}`, "a.test", "Bearer " + word, false},
		{"it had a name", `{"token":"` + word + `"}`, "a.test", "Bearer " + word, false},
		{"a password that people choose", `{"hint":"summer-2024"}`, "a.test", "Basic " + base64.StdEncoding.EncodeToString([]byte("ann:summer-2024")), false},
	} {
		r, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		first, second := call("a.test", "", c.answer), call(c.host, c.credential, "{}")
		r.Flow(first)
		r.Flow(second)
		got := second.Request.Headers.Value("Authorization")
		if stays := credentialOf(got) == credentialOf(c.credential); stays != c.stays {
			t.Errorf("%s: %s became %s", c.name, c.credential, got)
		}
		if c.name == "it had a name" && !strings.Contains(string(first.Response.Body.Data), strings.TrimPrefix(got, "Bearer ")) {
			t.Errorf("%s: the answer has %s, the request %s", c.name, first.Response.Body.Data, got)
		}
	}
}

func TestASecondReadingHidesCredentialAndAnswer(t *testing.T) {
	const word = "9f8e7d6c5b4a39281706f5e4"
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	first, second := call("a.test", "", `{"sha1":"`+word+`"}`), call("a.test", "Bearer "+word, "{}")
	r.Learn(first)
	r.Learn(second)
	r.Flow(first)
	r.Flow(second)
	pseudonym := strings.TrimPrefix(second.Request.Headers.Value("Authorization"), "Bearer ")
	if pseudonym == word || string(first.Response.Body.Data) != `{"sha1":"`+pseudonym+`"}` {
		t.Errorf("the request has %s, the answer %s", pseudonym, first.Response.Body.Data)
	}
}

// A state is JSON in base64 at some services. It stays if what is random in it was shown.
func TestAStateThatSaysWhatAnswersShowedIsFollowed(t *testing.T) {
	const shown, hidden = "9f8e7d6c5b4a39281706f5e4", "0a1b2c3d4e5f60718293a4b5"
	for _, c := range []struct {
		name, state string
		stays       bool
	}{
		{"an id that was shown", `{"item":"` + shown + `","back":"/home"}`, true},
		{"beside one that was not", `{"item":"` + shown + `","key":"` + hidden + `"}`, false},
		{"one that was not", `{"item":"` + hidden + `"}`, false},
		{"no JSON", "item=" + shown + "&nonce=" + hidden, false},
	} {
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
			r, err := New(Options{})
			if err != nil {
				t.Fatal(err)
			}
			first, second := call("a.test", "", `{"ref":"`+shown+`"}`), call("a.test", "", "{}")
			body := `{"state":"` + enc.EncodeToString([]byte(c.state)) + `"}`
			second.Request.Method = "POST"
			second.Request.Headers = flow.Headers{{Name: "Content-Type", Value: "application/json"}}
			second.Request.Body = flow.NewBody([]byte(body))
			r.Flow(first)
			r.Flow(second)
			if got := string(second.Request.Body.Data); (got == body) != c.stays {
				t.Errorf("%s: %s became %s", c.name, body, got)
			}
		}
	}
}
