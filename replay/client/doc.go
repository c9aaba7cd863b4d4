// Package client carries exchanges to targets and tells when their parts
// happened.
//
// A Dialer holds what all connections share: TLS settings, limits, the memory of
// bodies. A Pool holds connections. Each user has a Pool of its own, so that the
// target sees separate users; or all users share one. A Route says where an exchange
// goes and which protocol it speaks.
//
//	d, err := client.New(client.Options{})
//	pool := d.Pool(6)
//	defer pool.Close()
//	route := client.Route{Origin: target.URL}
//	if _, err := pool.Do(context.Background(), route, 0, &req, &resp); err != nil {
//		fmt.Println(client.ErrorName(err)) // "reset", "timeout", …
//		return
//	}
//	resp.Release()
//
// It is one package because an exchange needs all of it at once: a connection, its
// pool, the memory of its body, a name for its error. What callers see is small.
//
// Pool.Do serves both HTTP/1.1 and HTTP/2. Pool.Open begins a Stream: a WebSocket,
// server-sent events, or a call of gRPC. The package follows no redirects, keeps no
// cookies and decodes no content coding. That is the work of its callers, which know
// the session.
package client
