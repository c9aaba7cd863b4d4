package client

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
)

// A Dialer opens connections. It is safe for concurrent use.
type Dialer struct {
	options Options
	tls     *tls.Config
	proxy   *url.URL // nil: none
	sources []net.IP
	turn    atomic.Uint64 // of the sources
	http2   *http.Transport
	buffers buffers

	scratches scratches
}

// New returns a Dialer with the given options, or all that is wrong with them.
func New(o Options) (*Dialer, error) {
	problems := o.validate()
	secure, err := o.tls()
	problems = errors.Join(problems, err)
	proxy, err := o.proxy()
	if problems = errors.Join(problems, err); problems != nil {
		return nil, fmt.Errorf("client options: %w", problems)
	}
	d := &Dialer{options: o.withDefaults(), tls: secure, proxy: proxy, http2: newHTTP2()}
	d.buffers.left.Store(d.options.Budget)
	for _, s := range o.Sources {
		d.sources = append(d.sources, net.ParseIP(s))
	}
	return d, nil
}

// keep is how many bytes of the answer to req are kept.
func (d *Dialer) keep(req *Request) int64 {
	if req.Keep == 0 {
		return d.options.MaxBody
	}
	return max(req.Keep, 0)
}
