package replay

import (
	"fmt"
	"net/url"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay/client"
)

// Single returns the source that sends one request in a loop, without pause:
// a GET of rawURL. With a rate, each arrival is one request; with fixed users,
// each user repeats it on its connection until the run ends.
func Single(rawURL string, p Plan) (Source, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("parse URL: %w", err)
	}
	target := u.RequestURI()
	step := Step{
		Endpoint: "GET " + u.EscapedPath(),
		Request: client.Request{Request: flow.Request{
			Method: "GET", Target: target,
			Headers: flow.Headers{{Name: "User-Agent", Value: "starling"}, {Name: "Accept", Value: "*/*"}},
		}},
	}
	if u.Path == "" {
		step.Endpoint = "GET /"
	}
	return single{step: step, endless: p.Users > 0}, nil
}

type single struct {
	step    Step
	endless bool
}

// Session implements Source.
func (s single) Session(_, _ uint64) Session { return s }

// Next implements Session.
func (s single) Next(last *Exchange) (Step, bool) { return s.step, s.endless || last == nil }
