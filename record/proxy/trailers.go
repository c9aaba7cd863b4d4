package proxy

import (
	"maps"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/http1"
)

// A tail is the trailers of a body in chunks, as they were on the wire. They are nil
// until the body has ended.
type tail struct{ fields atomic.Pointer[flow.Headers] }

// take parses the trailer section.
func (t *tail) take(section []byte) {
	var head http1.Head
	text := string(section)
	if _, err := head.ParseTrailer([]byte(text), http1.Rules{}); err != nil {
		return
	}
	list := make(flow.Headers, len(head.Fields))
	for i, f := range head.Fields {
		list[i] = flow.Header{Name: f.Name.Text(text), Value: http1.Unfold(f.Value.Text(text))}
	}
	t.fields.Store(&list)
}

// recorded lists the trailers of a message: as on the wire where t knows them, else as
// net/http gives them. Announced ones may be missing.
func (t *tail) recorded(h http.Header, lower bool) flow.Headers {
	if t != nil && t.fields.Load() != nil && len(*t.fields.Load()) > 0 {
		return *t.fields.Load()
	}
	if list := canonical(h, lower); len(list) > 0 {
		return list
	}
	return nil
}

// named gives the trailers that net/http has read the names that they had on the wire.
func (t *tail) named(h http.Header) http.Header {
	wire := t.fields.Load()
	if wire == nil {
		return h
	}
	out := make(http.Header, len(h))
	for name, values := range h {
		for _, f := range *wire {
			if strings.EqualFold(f.Name, name) {
				name = f.Name
				break
			}
		}
		out[name] = values
	}
	return out
}

// sendTail lets the request that goes out end in the trailers of r, the client's. It
// announces those that are announced; the others are known when the body has ended.
func (x *exchange) sendTail(r *http.Request) {
	if x.asked.tail == nil {
		return
	}
	x.sent, x.r.Trailer = r, make(http.Header)
	for name := range r.Trailer {
		x.r.Trailer[name] = nil
	}
}

// endTail puts the trailers into the request that goes out. Its body has ended.
func (x *exchange) endTail() {
	if x.sent != nil {
		maps.Copy(x.r.Trailer, x.asked.tail.named(x.sent.Trailer))
	}
}

// withoutTail is the answer without its trailers, which answerTail writes.
func (x *exchange) withoutTail(resp *http.Response) *http.Response {
	h := x.wire.Load()
	if h == nil || h.tail == nil || x.r.ProtoMajor != 1 || resp.StatusCode == http.StatusSwitchingProtocols {
		return resp
	}
	x.tail = h.tail
	if announced := h.headers.Values("Trailer"); len(announced) > 0 {
		resp.Header["Trailer"] = announced
	}
	bare := *resp
	bare.Trailer = nil
	return &bare
}

// answerTail ends the answer to the client in the trailers of the target.
func (x *exchange) answerTail() {
	if x.tail == nil || x.response.Trailer == nil {
		return
	}
	h := x.w.Header()
	for name, values := range x.tail.named(x.response.Trailer) {
		h[http.TrailerPrefix+name] = values
	}
}
