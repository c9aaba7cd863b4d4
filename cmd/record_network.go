package cmd

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/starling-load/starling/record/proxy"
)

// networkOptions are the flags that say which hosts a recording proxy forwards to,
// opens and records, and how it connects to them.
type networkOptions struct {
	lists      proxy.Lists
	via        string
	upstreamCA string
	clientCert []string
	clientKey  []string
}

func (o *networkOptions) addFlags(f *pflag.FlagSet) {
	f.StringArrayVar(&o.lists.AllowHosts, "allow-host", nil, "forward to hosts that match this `PATTERN` alone, as *.shop.test or shop.test:8443; others get 403; may be repeated, as all of these")
	f.StringArrayVar(&o.lists.DenyHosts, "deny-host", nil, "never forward to hosts that match this `PATTERN`")
	f.StringArrayVar(&o.lists.MITM, "mitm", nil, "open https to hosts that match this `PATTERN` alone (default: to all)")
	f.StringArrayVar(&o.lists.Tunnel, "tunnel", nil, "let https to hosts that match this `PATTERN` pass unread")
	f.StringArrayVar(&o.lists.RecordHosts, "record-host", nil, "record requests to hosts that match this `PATTERN` alone; others pass")
	f.StringArrayVar(&o.lists.SkipHosts, "skip-host", nil, "do not record requests to hosts that match this `PATTERN`")
	f.StringArrayVar(&o.lists.RecordPaths, "record-path", nil, "record requests for paths that match this `PATTERN` alone, as /api/*")
	f.StringArrayVar(&o.lists.SkipPaths, "skip-path", nil, "do not record requests for paths that match this `PATTERN`, as /health")
	f.StringVar(&o.via, "via", "", "reach everything through the proxy at this `URL`: http://, https:// or socks5://[USER:PASSWORD@]HOST:PORT")
	f.StringVar(&o.upstreamCA, "upstream-ca", "", "`FILE` of certificates (PEM) to trust upstream, instead of the system's")
	f.StringArrayVar(&o.clientCert, "client-cert", nil, "[HOST-PATTERN=]`FILE` of the certificate (PEM) to show upstream; with its key, or with --client-key; may be repeated")
	f.StringArrayVar(&o.clientKey, "client-key", nil, "`FILE` of the key (PEM) of the --client-cert at the same place")
}

// apply puts the flags into the options of a proxy.
func (o *networkOptions) apply(p *proxy.Options) error {
	p.Lists = o.lists
	if o.via != "" {
		via, err := url.Parse(o.via)
		if err != nil || via.Host == "" {
			return usagef("--via %q: write it as http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT", withoutCredentials(o.via))
		}
		p.Via = via
	}
	if o.upstreamCA != "" {
		text, err := os.ReadFile(o.upstreamCA)
		if err != nil {
			return fmt.Errorf("read --upstream-ca: %w", err)
		}
		p.UpstreamRoots = x509.NewCertPool()
		if !p.UpstreamRoots.AppendCertsFromPEM(text) {
			return fmt.Errorf("read --upstream-ca: %s holds no certificate in PEM form", o.upstreamCA)
		}
	}
	if len(o.clientKey) > len(o.clientCert) {
		return usagef("--client-key goes with --client-cert, one for one")
	}
	for i, spec := range o.clientCert {
		host, file, named := strings.Cut(spec, "=")
		if !named {
			host, file = "", spec
		}
		key := file
		if i < len(o.clientKey) {
			key = o.clientKey[i]
		}
		cert, err := tls.LoadX509KeyPair(file, key)
		if err != nil {
			return fmt.Errorf("read --client-cert %s: %w; name PEM files of a certificate and its key", file, err)
		}
		p.ClientCertificates = append(p.ClientCertificates, proxy.ClientCertificate{Host: host, Certificate: cert})
	}
	return nil
}
