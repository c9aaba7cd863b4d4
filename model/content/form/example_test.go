package form_test

import (
	"fmt"

	"github.com/starling-load/starling/model/content/form"
)

func Example() {
	f := form.Form{Controls: []form.Control{{Name: "csrf", Kind: "hidden", Value: "a1"}, {Name: "title", Kind: "text", Value: "Old"}}}
	sent := []form.Entry{{Name: "csrf", Value: "a1"}, {Name: "title", Value: "New"}}
	live := []form.Entry{{Name: "csrf", Value: "b2"}, {Name: "title", Value: "Other"}, {Name: "version", Value: "3"}}
	shown := f.Entries()                    // what the form would send untouched
	changes := f.Changes(sent)              // what the user did before it was sent
	again, err := form.Apply(live, changes) // the same done to another state of the form
	fmt.Println(shown)
	fmt.Println(changes)
	fmt.Println(again, err)
	// Output:
	// [{csrf a1} {title Old}]
	// [{title New}]
	// [{csrf b2} {title New} {version 3}] <nil>
}
