package problem_test

import (
	"fmt"

	"github.com/starling-load/starling/model/problem"
)

func Example() {
	var found problem.List
	found.Add(&problem.Problem{
		File: "model.yaml", Line: 12, Column: 5, Place: []string{"endpoints", "GET /cart", "chek"},
		Text: "unknown key" + problem.Suggest("chek", []string{"check", "request"}),
	})
	found.Addf([]string{"behaviors", "visitor"}, "the odds sum to %g, not to 1", 0.9)
	for _, p := range problem.All(found.Err()) {
		fmt.Println(p)
	}
	// Output:
	// model.yaml:12:5: endpoints: GET /cart: chek: unknown key; did you mean "check"?
	// behaviors: visitor: the odds sum to 0.9, not to 1
}
