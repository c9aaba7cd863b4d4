// Package client carries one exchange at a time to the target and tells when
// its parts happened.
//
// A Dialer holds what all virtual users share (TLS settings, limits); each
// user opens a Conn of its own, so that users look to the target as they are:
// separate.
//
//	d, err := client.NewDialer(client.Options{})
//	c := d.Conn("http://127.0.0.1:8080")
//	defer c.Close()
//	timing, err := c.Do(ctx, &req, &resp)
//	if err != nil {
//		name := client.ErrorName(err) // "reset", "timeout", …
//	}
//
// HTTP/1.1 and HTTP/2 stand behind the one interface; the protocol is agreed
// by ALPN on https and is HTTP/1.1 on http, unless Options.H2C asks for HTTP/2
// with prior knowledge. The package follows no redirects, keeps no cookies and
// decodes no content coding: that is the engine's work, which knows the session.
package client
