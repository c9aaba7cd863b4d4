package redact

import (
	"encoding/json"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/starling-load/starling/record/flow"
)

func FuzzFlow(f *testing.F) {
	c := canaries{testRandom()}
	for _, p := range plants {
		_, flows := p.plant(c)
		for _, x := range flows {
			header, body, media := "", "", ""
			if len(x.Request.Headers) > 0 {
				header = x.Request.Headers[0].Name + ": " + x.Request.Headers[0].Value
			}
			if x.Response != nil {
				body, media = string(x.Response.Body.Data), x.Response.Headers.Value("Content-Type")
			}
			f.Add(x.Request.Target, header, media, body)
		}
	}
	f.Add("/", "Cookie: a", "application/json", `{"token":"\ud800abc","pin":-100,"password":"\u00e9\ud83d\ude00"}`)
	f.Fuzz(func(t *testing.T, target, header, media, body string) {
		x := answer(post(get(target, header), media, body), media, body)
		x.Start = time.Unix(1, 0)
		x.Messages = []flow.Message{{Kind: flow.MessageText, Data: []byte(body), Size: int64(len(body))},
			{Kind: flow.MessageGRPC, Data: []byte(body), Size: int64(len(body))}, {Kind: flow.MessageEvent, Data: []byte(body), Size: int64(len(body))}}
		before := *x
		was := text(t, x)
		r := newRedactor(t, testKey, "")
		r.Flow(x)
		if text(t, &before) != was {
			t.Fatalf("the flow given was written into:\n%s\nbecame\n%s", was, text(t, &before))
		}
		if len(x.Request.Headers) != len(before.Request.Headers) || len(x.Response.Headers) != len(before.Response.Headers) || len(x.Messages) != 3 {
			t.Fatalf("lines are missing: %v", x)
		}
		if len(x.Request.Target) != len(target) {
			t.Errorf("target %q became %q", target, x.Request.Target)
		}
		for _, got := range [][]byte{x.Request.Body.Data, x.Messages[0].Data} {
			if len(got) != len(body) && packingOf([]byte(body)) == "" {
				t.Errorf("body of %d bytes became one of %d", len(body), len(got))
			}
			if utf8.ValidString(body) && !utf8.Valid(got) {
				t.Errorf("%q became %q, which is no UTF-8", body, got)
			}
			if json.Valid([]byte(body)) && !json.Valid(got) {
				t.Errorf("%q became %q, which is no JSON", body, got)
			}
		}
		new(Scanner).Scan(x, func(Finding) {})
		r.Flow(x)
		newRedactor(t, nil, "header *\nfield *\njson $.*\npattern token [a-z]{4}\nkeep value a.*").Flow(x)
	})
}
