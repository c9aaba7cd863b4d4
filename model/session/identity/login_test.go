package identity

import (
	"testing"

	"github.com/starling-load/starling/record/flow"
)

func TestALoginThatTheAnswerRefusesIsNone(t *testing.T) {
	for answer, want := range map[string]bool{
		`{"id":7,"name":"ann"}`:                true,
		`{"error":0,"name":"ann"}`:             true,
		`{"error":null,"name":"ann"}`:          true,
		`{"error":"wrong password"}`:           false,
		`{"error":{"code":17}}`:                false,
		`{"errors":[{"message":"try again"}]}`: false,
	} {
		f := &flow.Flow{
			Request: flow.Request{Method: "POST", Target: "/in", Headers: flow.Headers{{Name: "Content-Type", Value: "application/json"}},
				Body: flow.NewBody([]byte(`{"email":"ann@mail.test","password":"secret"}`))},
			Response: &flow.Response{Status: 200, Headers: flow.Headers{{Name: "Content-Type", Value: "application/json"}}, Body: flow.NewBody([]byte(answer))},
		}
		if _, ok := NewEvidence(NewMarks()).enters(f); ok != want {
			t.Errorf("the answer %s: logged in %v, want %v", answer, ok, want)
		}
	}
}
