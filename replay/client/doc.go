// Package client carries exchanges to targets and tells when their parts
// happened.
//
// A Dialer holds what all connections share: TLS settings, limits, the memory
// of bodies. A Pool holds connections: each user has one, so that users look to
// the target as they are, separate; or all share one. A Route says where an
// exchange goes and which protocol it speaks.
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
// HTTP/1.1 and HTTP/2 stand behind the one call. Pool.Open begins a Stream: a
// WebSocket, server-sent events, or a call of gRPC. The package follows no
// redirects, keeps no cookies and decodes no content coding: that is the
// engine's work, which knows the session.
package client
