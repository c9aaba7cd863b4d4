// Package outcome learns what answer each recorded step expects.
//
// [Learn] sorts the answers of an endpoint into kinds: by status, redirection, media
// type, errors that they tell of, and whether they ask for a password. Of each kind it
// learns what an answer must have and what it may have, and it names the kind of each
// step:
//
//	found := outcome.Learn(sessions, accounts)
//	check := found.Checks["GET /cart"]        // of any step
//	kinds := found.Outcomes["GET /cart"]      // where there are several
//	want := found.Steps[0][3]                 // what step 3 of session 0 expects
//
// Recordings are small, so that much in them is the same by chance. Something in an
// answer is required on evidence only:
//
//   - all answers of the kind have it, also those to different users and addresses. Of
//     a JSON document the members near the top are believed at once: code makes them.
//   - the user sent a form: the page must have that form.
//   - answers have it after a write of the same session, again and again, and others
//     do not; and no other write takes it away again, or the write was seen to bring it.
//
// A title that holds what users typed is required of nobody. What pages show besides is
// content: of it only a good part of the links is asked for.
//
// A step whose answer was an exception, such as one 500 among fifty answers 200, expects
// what the others had. Steps that repeat one request until its answer changes are a
// poll; so are those that the service puts off.
package outcome
