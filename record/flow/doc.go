// Package flow is the vocabulary of recorded traffic.
//
// A [Flow] is one request with its response, or one streamed exchange with its
// messages. A recording holds flows, the connections that they came over
// ([Conn]), how they came about ([Info]) and what is known to be missing ([Loss]).
// [Print] and [Parse] exchange them with a text form for people; [JSON] writes a
// flow for programs. FORMAT.md beside package flowfile describes both forms.
//
//	for r, err := range flow.Parse(text) {
//		if f, ok := r.(*flow.Flow); ok && err == nil {
//			fmt.Println(f.Request.Method, f.URL())
//		}
//	}
//
// The package reads and writes no recordings: package flowfile does.
//
// It is one package because it is the vocabulary of all others: its names are the
// parts of a flow, and each is a few lines.
package flow
