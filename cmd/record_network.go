package cmd

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/starling-load/starling/record/proxy"
)

// networkOptions are the flags that say who may use a recording proxy, which hosts it
// forwards to, opens and records, and how it connects to them.
type networkOptions struct {
	lists      proxy.Lists
	clients    []string
	credential string
	balancers  []string
	via        string
	upstreamCA string
	clientCert []string
	clientKey  []string
}

func (o *networkOptions) addFlags(f *pflag.FlagSet) {
	f.StringArrayVar(&o.clients, "allow-client", nil, "let only clients of this `NETWORK` use the proxy, as 10.0.0.0/8 or an address; others get 403; may be repeated")
	f.StringVar(&o.credential, "credentials", "", "`FILE` with lines USER:PASSWORD, one of which clients of a forward proxy have to give")
	f.StringArrayVar(&o.balancers, "trust-forwarded", nil, "believe load balancers of this `NETWORK` who their clients are: the PROXY protocol, X-Forwarded-For, Forwarded, X-Real-IP and CF-Connecting-IP, the first of these that is there; may be repeated")
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
	var err error
	if p.Access.Clients, err = parseNetworks("--allow-client", o.clients); err != nil {
		return err
	}
	if p.TrustForwarded, err = parseNetworks("--trust-forwarded", o.balancers); err != nil {
		return err
	}
	if p.Access.Credentials, err = readCredentials(o.credential); err != nil {
		return err
	}
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

// parseNetworks reads networks, or addresses for networks of one.
func parseNetworks(flag string, texts []string) ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, text := range texts {
		network, err := netip.ParsePrefix(text)
		if a, bad := netip.ParseAddr(text); bad == nil {
			network, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil || network.Addr().Is4In6() || network.Addr().Zone() != "" {
			return nil, usagef("%s %q: write a network or an address, as 10.0.0.0/8, 2001:db8::/32 or 192.0.2.7", flag, text)
		}
		list = append(list, network.Masked())
	}
	return list, nil
}

// readCredentials reads lines USER:PASSWORD. Empty lines and those with # count for
// nothing.
func readCredentials(file string) ([]string, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read --credentials: %w", err)
	}
	var list []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" && line[0] != '#' {
			list = append(list, line)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("read --credentials: %s has no line USER:PASSWORD", file)
	}
	return list, nil
}
