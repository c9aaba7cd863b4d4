package identity

import "github.com/starling-load/starling/record/flow"

// Logins recognise the requests with which users log in, apart from who they are. They
// know the forms of the pages that they have read.
type Logins struct{ evidence *Evidence }

// NewLogins returns Logins that have read nothing.
func NewLogins() *Logins { return &Logins{NewEvidence(NewMarks())} }

// Read learns from a page which fields of its forms are passwords.
func (l *Logins) Read(f *flow.Flow) { l.evidence.learn(f) }

// Enters reports whether a request says who the user is, with a password, and its answer
// does not refuse that.
func (l *Logins) Enters(f *flow.Flow) bool {
	_, ok := l.evidence.enters(f)
	return ok
}
