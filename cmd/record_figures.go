package cmd

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"github.com/starling-load/starling/record"
	"github.com/starling-load/starling/record/http1"
	"github.com/starling-load/starling/record/proxy"
)

// proxyFigures are what record proxy --json prints.
type proxyFigures struct {
	record.Counts
	Tunnels         uint64     `json:"tunnels"`      // that were not opened
	TunnelBytes     int64      `json:"tunnel_bytes"` // through them
	Refused         uint64     `json:"refused"`      // requests
	Loops           uint64     `json:"loops"`        // of these: requests that came back
	HandshakeErrors uint64     `json:"handshake_errors"`
	Cut             uint64     `json:"cut"`       // bodies and messages that were kept in part
	OddHeads        uint64     `json:"odd_heads"` // that take liberties
	Odd             []string   `json:"odd"`       // the liberties
	Past            proxy.Past `json:"past"`
}

func (r *recording) figures() proxyFigures {
	c := r.proxy.Counts()
	return proxyFigures{r.recorder.Counts(), uint64(c.Tunnels), int64(c.TunnelBytes), uint64(c.Refused), c.Loops, uint64(c.HandshakeErrors), uint64(c.BodiesCut + c.MessagesCut), c.OddHeads, namesOfOdd(c.Odd), c.Past}
}

// describe says what was recorded so far, and what passed or was refused beside it.
func (r *recording) describe() string {
	text := describeCounts(r.recorder.Counts())
	c := r.proxy.Counts()
	if c.Tunnels > 0 {
		text += fmt.Sprintf(", %s unread (%s)", english.Plural(int(c.Tunnels), "tunnel", ""), humanize.IBytes(uint64(c.TunnelBytes)))
	}
	if c.Loops > 0 {
		text += fmt.Sprintf(", %s came back to this proxy in a loop", english.Plural(int(c.Loops), "request", ""))
	}
	if c.Refused > 0 {
		text += fmt.Sprintf(", %s refused", english.Plural(int(c.Refused), "request", ""))
	}
	if c.HandshakeErrors > 0 {
		text += fmt.Sprintf(", %s", english.Plural(int(c.HandshakeErrors), "failed handshake", ""))
	}
	if cut := c.BodiesCut + c.MessagesCut; cut > 0 {
		text += fmt.Sprintf(", %d of the bodies and messages kept in part", cut)
	}
	if c.OddHeads > 0 {
		text += fmt.Sprintf(", %s (%s)", english.Plural(int(c.OddHeads), "odd head", ""), strings.Join(namesOfOdd(c.Odd), ", "))
	}
	return text
}

// warnOfPast says what led clients past the recording, and what to do.
func (r *recording) warnOfPast(upstream string, tls bool) {
	past := r.proxy.Counts().Past
	better := "give the application the address of the recorder as its own (its base URL), or move it to another port and let the recorder listen at its address"
	if strings.HasPrefix(upstream, "https:") && !tls {
		better = "serve TLS to clients too, with --tls; then " + better
	}
	if past.Pages > 0 {
		r.env.say("warning: %s had links to %s itself: who follows them is not recorded there; %s", english.Plural(int(past.Pages), "page", ""), withoutCredentials(upstream), better)
	}
	if past.Clients > 0 {
		r.env.say("warning: %s came from pages of %s itself, where nobody recorded; %s", english.Plural(int(past.Clients), "request", ""), withoutCredentials(upstream), better)
	}
	if past.Cookies > 0 {
		r.env.say("warning: %s set cookies for a domain that is not that of the recorder, or for TLS alone: browsers refuse them; let clients reach the recorder by a name in that domain, and by TLS (--tls)", english.Plural(int(past.Cookies), "answer", ""))
	}
}

// namesOfOdd names the liberties that heads took.
func namesOfOdd(odd http1.Odd) []string {
	names := []string{}
	for ; odd != 0; odd &= odd - 1 {
		names = append(names, odd.Error())
	}
	return names
}
