package model

// A Check is what an answer must look like to count as OK.
type Check struct {
	Status   []int    // what is accepted: classes (2, 3, …) or exact statuses (404)
	Redirect []string // templates of the Location, {} is a variable part; empty: not checked
	Content  []string // media types seen; empty: not checked
	Require  []string // features that an answer must have, see content.Shape; "$.items[]": the array holds something
	Known    []string // features that it may have; any other error block fails the check
	Facts    []Fact   // values that it must have
	Links    int      // least number of links of a page; 0: not checked
}

// StatusOnly reports whether c looks at nothing but the status.
func (c *Check) StatusOnly() bool {
	return len(c.Redirect)+len(c.Content)+len(c.Require)+len(c.Known)+len(c.Facts)+c.Links == 0
}

// A Fact is a value that an answer must have, such as that of a job that is done.
type Fact struct {
	Selector string // in the syntax of content.Selector
	Value    string
}

// An Outcome is one kind of answer of an endpoint. Acts of recorded sessions name the
// kind that they had.
type Outcome struct {
	Name     string
	Recorded int // acts that name it
	Check
}

// Outcome returns the outcome of e with a name, nil if there is none.
func (e *Endpoint) Outcome(name string) *Outcome {
	for i := range e.Outcomes {
		if e.Outcomes[i].Name == name {
			return &e.Outcomes[i]
		}
	}
	return nil
}
