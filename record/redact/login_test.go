package redact

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/starling-load/starling/record/flow"
)

// framedBody returns a gRPC body of one message.
func framedBody(message string) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...)
}

func TestCallsOfGRPCThatLogInHaveSecretsWithoutNames(t *testing.T) {
	const token, password = "kRtYqWbnZxCvLmPo.417", "rain-in-may-12"
	call := func(method, sent, answered, header string) *flow.Flow {
		grpc := flow.Headers{{Name: "Content-Type", Value: "application/grpc+proto"}}
		return &flow.Flow{
			Request: flow.Request{Method: "POST", Target: "/door.Guard/" + method, Authority: "door.test",
				Headers: append(grpc[:1:1], flow.Header{Name: "X-Door-Token", Value: header}), Body: flow.NewBody(framedBody(sent))},
			Response: &flow.Response{Status: 200, Headers: grpc, Body: flow.NewBody(framedBody(answered))},
			Messages: []flow.Message{
				{FromClient: true, Kind: flow.MessageGRPC, Data: []byte(sent)}, {Kind: flow.MessageGRPC, Data: []byte(answered)},
			},
		}
	}
	r, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	login := call("UserLogin", protoString(1, "gardener")+protoString(2, password), protoString(1, "welcome")+protoString(4, token), "")
	next := call("Open", protoString(1, "gardener")+protoString(2, "the-gate-12"), protoString(1, "open"), token)
	r.Flow(login)
	r.Flow(next)

	now := []byte(next.Request.Headers.Value("X-Door-Token"))
	if len(now) != len(token) || string(now) == token {
		t.Fatalf("the token in the header became %q", now)
	}
	for where, b := range map[string][]byte{"body": login.Response.Body.Data, "message": login.Messages[1].Data} {
		if !bytes.Contains(b, now) || bytes.Contains(b, []byte(token)) || !bytes.Contains(b, []byte("welcome")) {
			t.Errorf("%s of the answer is %q, want welcome and %s, as in the header", where, b, now)
		}
	}
	for where, b := range map[string][]byte{"body": login.Request.Body.Data, "message": login.Messages[0].Data} {
		if bytes.Contains(b, []byte(password)) || !bytes.Contains(b, []byte("gardener")) {
			t.Errorf("%s of the login is %q, want the name and no password", where, b)
		}
	}
	if b := next.Request.Body.Data; !bytes.Contains(b, []byte("the-gate-12")) {
		t.Errorf("a call that does not log in became %q", b)
	}
}
