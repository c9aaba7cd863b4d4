package client

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/net/proxy"
)

// throughProxy connects to e through the proxy. Plain HTTP/1.1 is sent to an HTTP
// proxy as it is, with whole URLs. All else goes through a tunnel.
func (d *Dialer) throughProxy(ctx context.Context, e *endpoint) (*carrier, error) {
	c, err := d.tcp(ctx, d.resolve(d.proxy.Host))
	if err != nil {
		return nil, fmt.Errorf("connect to the proxy: %w", err)
	}
	switch d.proxy.Scheme {
	case "socks5", "socks5h":
		err = d.socks(ctx, c, d.resolve(e.address))
	case "https":
		config := d.tls.Clone()
		config.ServerName, config.NextProtos = d.proxy.Hostname(), []string{"http/1.1"}
		secure := tls.Client(c.Conn, config)
		c.Conn = secure
		if err = secure.HandshakeContext(ctx); err == nil {
			err = d.overHTTP(ctx, c, e)
		}
	default:
		err = d.overHTTP(ctx, c, e)
	}
	if err != nil {
		c.raw.Close()
		return nil, named(proxyRefused, err)
	}
	return c, nil
}

// overHTTP makes c, a connection to a proxy that speaks HTTP, ready for e. The proxy
// goes where the whole URL says. So an origin that is to get another Host, or is
// resolved to another address, needs a tunnel.
func (d *Dialer) overHTTP(ctx context.Context, c *carrier, e *endpoint) error {
	address := d.resolve(e.address)
	if !e.secure && e.protocol == HTTP1 && !e.tunnel && !e.fixed && address == e.address {
		c.absolute, c.proxied = true, basic(d.proxy.User)
		return nil
	}
	return tunnel(ctx, c, address, basic(d.proxy.User))
}

// basic returns the value of Proxy-Authorization for user, "" for none.
func basic(user *url.Userinfo) string {
	if user == nil {
		return ""
	}
	password, _ := user.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password))
}

// tunnel asks the proxy at the end of c for a connection to address. The target
// says nothing before it is spoken to, so no byte behind the answer is lost.
func tunnel(ctx context.Context, c *carrier, address, authorization string) error {
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	ask := &http.Request{Method: "CONNECT", URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{"User-Agent": {""}}}
	if authorization != "" {
		ask.Header.Set("Proxy-Authorization", authorization)
	}
	if err := ask.Write(c); err != nil {
		return fmt.Errorf("ask the proxy: %w", err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(io.LimitReader(c, maxHead)), ask)
	if err != nil {
		return errors.New("the proxy's answer is not HTTP") // without err, which quotes it
	}
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("the proxy answers %d to CONNECT", answer.StatusCode)
	}
	return nil
}

// socks asks the SOCKS5 proxy at the end of c for a connection to address.
func (d *Dialer) socks(ctx context.Context, c *carrier, address string) error {
	var auth *proxy.Auth
	if user := d.proxy.User; user != nil {
		password, _ := user.Password()
		auth = &proxy.Auth{User: user.Username(), Password: password}
	}
	dialer, err := proxy.SOCKS5("tcp", d.proxy.Host, auth, connected{c.Conn})
	if err != nil {
		return err
	}
	_, err = dialer.(proxy.ContextDialer).DialContext(ctx, "tcp", address)
	return err
}

// connected is a dialer that returns the connection it has.
type connected struct{ conn net.Conn }

func (c connected) Dial(string, string) (net.Conn, error) { return c.conn, nil }

func (c connected) DialContext(context.Context, string, string) (net.Conn, error) {
	return c.conn, nil
}
