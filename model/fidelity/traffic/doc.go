// Package traffic reads recordings for package fidelity: it names the requests, finds the
// sessions, and keeps numbers of each request, no bodies.
//
//	names, err := traffic.Learn(flows, traffic.NameOptions{})
//	if err != nil {
//		fmt.Println(err)
//		return
//	}
//	read, err := traffic.Read(flows, names, traffic.Options{})
package traffic
