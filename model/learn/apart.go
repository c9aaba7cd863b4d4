package learn

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/correlate"
	"github.com/starling-load/starling/record/flow"
)

// apart gives an exchange with a further origin an endpoint of its own: the host stands
// before the path, as in "GET id.test/login". An origin "" is the main one.
func (l *learner) apart(s *correlate.Exchange, origin string) {
	if origin == "" {
		return
	}
	_, host, _ := strings.Cut(origin, "://")
	method, path, _ := strings.Cut(s.Endpoint, " ")
	s.Endpoint = method + " " + host + path
	l.further[s.Endpoint] = origin
}

// unknownStatus is the status of an answer that nobody knows.
const unknownStatus = 1

// lacksAnswer reports whether the recording does not tell what f was answered.
func lacksAnswer(f *flow.Flow) bool { return f.Response == nil || f.Response.Status <= 0 }

// withoutAnswer is f with an answer of unknown status.
func withoutAnswer(f *flow.Flow) *flow.Flow {
	asked := *f
	asked.Response, asked.Error = &flow.Response{Status: unknownStatus}, ""
	return &asked
}

// Why flows are left out that are something which users did.
const (
	whySocket = "upgraded connection (WebSocket)"
	whyCut    = "request body of which the recording has only the beginning"
	whyLong   = "request body too long for a model; replay the recording verbatim to send it"
	whyPast   = "what users did at the service's own address, where answers led them past the recorder; record again: it leads them back now"
)

// leadsPast reports whether an answer sends its client to the address that the recorder
// passed the request on to, although the client had asked for another.
func leadsPast(f *flow.Flow) bool {
	asked := f.Request.Headers.Value("Host")
	to, err := url.Parse(f.Response.Headers.Value("Location"))
	return err == nil && asked != "" && !strings.EqualFold(asked, f.Request.Authority) && to.Host != "" && strings.EqualFold(to.Host, f.Request.Authority)
}

// leftOut counts the flows that are not in the model, by why.
type leftOut map[string]*model.LeftOut

func (l *leftOut) add(f *flow.Flow, why string) {
	if *l == nil {
		*l = leftOut{}
	}
	one := (*l)[why]
	if one == nil {
		one = &model.LeftOut{What: why, Whole: slices.Contains([]string{whySocket, whyCut, whyLong, whyPast}, why)}
		(*l)[why] = one
	}
	one.Flows++
	if f.Response != nil && f.Response.Status < http.StatusBadRequest && content.Writes(&f.Request) {
		one.Writes++
	}
}

// list is what was counted, sorted by why.
func (l leftOut) list() []model.LeftOut {
	var out []model.LeftOut
	for _, one := range l {
		out = append(out, *one)
	}
	slices.SortFunc(out, func(a, b model.LeftOut) int { return cmp.Compare(a.What, b.What) })
	return out
}
