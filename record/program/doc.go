// Package program tells which program of this machine opened a connection, as a number.
//
//	w := program.New()
//	defer w.Close()
//	w.Opened(client, server)
//	fmt.Println(w.Of(conn))
//
// Opened is called when a connection is accepted, and never blocks. Of is called later,
// away from the traffic.
//
// The number counts the programs in the order in which they were met. It says which
// connections belong together, and nothing else: no name and no number of the system.
// Linux alone tells it, of connections whose both ends are on this machine. The cost is
// bounded: when many connections open at a time, those beyond a tenth of one core are
// not looked up.
package program
