// Package form knows what a browser sends for a form, and what a user changed in it.
//
//	shown := f.Entries()                    // what the form would send untouched
//	changes := f.Changes(sent)              // what the user did before it was sent
//	again, err := form.Apply(live, changes) // the same done to another state of the form
//
// The central type is [Form]: an HTML form with its controls. Entries follows
// "Constructing the form data set" of the HTML standard. Changes and Apply are
// inverse: a form to which its own changes are applied sends what was sent. Applied
// to a form that shows something else, the changes leave alone what the user left
// alone: other fields, the boxes that somebody else checked, the text that somebody
// else wrote around an addition.
//
// The package parses no HTML (see model/content) and knows no encoding of bodies.
package form
