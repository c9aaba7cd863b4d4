package proxy

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// Past counts what leads clients of a reverse proxy past it, to the upstream's own
// address, or makes them lose their sessions. It is only noticed: bodies pass unchanged.
type Past struct {
	Pages   uint64 `json:"pages"`   // pages with links to the upstream's own address
	Clients uint64 `json:"clients"` // requests of clients that came back from there
	Cookies uint64 `json:"cookies"` // answers with cookies that clients refuse: for another domain, or for TLS alone
}

// pastWarnings say what each kind of Past means and what to do, once.
var pastWarnings = [...]string{
	"pages link to the upstream's own address: clients that follow such links are not recorded; " +
		"set the application's own address (base URL) to that of this recorder, or let the recorder listen where clients expect the application",
	"clients were at the upstream's own address, past this recorder, and came back: what they did there is not recorded; " +
		"set the application's own address (base URL) to that of this recorder, or let the recorder listen where clients expect the application",
	"cookies are for a domain that clients do not ask, or for TLS alone: clients refuse them, and sessions are lost; " +
		"let clients reach this recorder by a name in that domain, and by TLS (--tls)",
}

// notePast counts what in a flow leads the client past the proxy.
func (x *exchange) notePast(f *flow.Flow) {
	if x.facade.upstream == nil {
		return
	}
	for i, found := range [...]bool{x.facade.linksPast(x.p, f), x.facade.cameBack(f), x.facade.refused(f)} {
		if found && x.p.n.past[i].Add(1) == 1 {
			x.p.o.Logger.Warn(pastWarnings[i], "upstream", x.facade.upstream.Host, "recorder", x.facade.host)
		}
	}
}

const (
	pageLength    = 256 << 10 // bytes of a page that are looked at
	unpackedPages = 1000      // compressed pages that are looked at
)

// linksPast reports whether a page has a link to the upstream.
func (f *facade) linksPast(p *Proxy, fl *flow.Flow) bool {
	if fl.Response == nil || f.isUpstream(f.scheme, f.host) || !strings.HasPrefix(strings.ToLower(fl.Response.Headers.Value("Content-Type")), "text/html") {
		return false
	}
	page := fl.Response.Body.Data
	page = page[:min(len(page), pageLength)]
	if coding := fl.Response.Headers.Value("Content-Encoding"); strings.EqualFold(coding, "gzip") && p.n.unpacked.Add(1) <= unpackedPages {
		page = unpacked(page)
	}
	for _, name := range f.namesOfUpstream() {
		for rest := page; ; {
			i := bytes.Index(rest, name)
			if i < 0 {
				break
			}
			before, at := rest[:i], rest[i:]
			rest = at[len(name):]
			if !bytes.HasSuffix(before, []byte("//")) && !bytes.HasSuffix(before, []byte(`\/\/`)) { // the second as in JSON
				continue
			}
			scheme := ""
			switch before = bytes.TrimRight(before, `\/`); {
			case bytes.HasSuffix(before, []byte("https:")):
				scheme = "https"
			case bytes.HasSuffix(before, []byte("http:")):
				scheme = "http"
			}
			if end := bytes.IndexFunc(at, notOfHost); end > 0 && f.leadsAway(scheme, string(at[:end])) {
				return true
			}
		}
	}
	return false
}

// namesOfUpstream are what a host in a link begins with if it may lead away.
func (f *facade) namesOfUpstream() [][]byte {
	names := [][]byte{[]byte("localhost"), []byte("127."), []byte("[::1]")}
	if host := f.upstream.Hostname(); !isThisMachine(host) {
		names = [][]byte{[]byte(host)}
	}
	if f.scheme != originScheme(f.upstream) {
		names = append(names, []byte(f.host))
	}
	return names
}

// notOfHost reports whether a character ends a host with its port.
func notOfHost(r rune) bool {
	return !strings.ContainsRune("-.:[]_", r) && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
}

// unpacked is the beginning of a page that was compressed.
func unpacked(b []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	page, _ := io.ReadAll(io.LimitReader(r, pageLength)) // what can be read
	return page
}

// cameBack reports whether a client comes from a page at the upstream's own address.
func (f *facade) cameBack(fl *flow.Flow) bool {
	scheme, authority, _ := splitReference(fl.Request.Headers.Value("Referer"))
	return authority != "" && f.isUpstream(scheme, authority) && !f.isUpstream(f.scheme, f.host)
}

// refused reports whether an answer has a cookie for a domain that the client is not in, or
// one for TLS alone where it does not use that. Browsers take the latter from this machine.
func (f *facade) refused(fl *flow.Flow) bool {
	if fl.Response == nil || f.host == "" {
		return false
	}
	for i := range fl.Response.Headers {
		if h := &fl.Response.Headers[i]; len(h.Name) == len("Set-Cookie") && strings.EqualFold(h.Name, "Set-Cookie") {
			if domain := cookieAttribute(h.Value, "Domain"); domain != "" && !inDomain(f.hostname(), strings.TrimPrefix(domain, ".")) {
				return true
			}
			if f.scheme == "http" && !isThisMachine(f.hostname()) && cookieAttribute(h.Value, "Secure") != "" {
				return true
			}
		}
	}
	return false
}
