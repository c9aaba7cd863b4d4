package folder

import (
	"os"
	"strings"
	"testing"
)

// FORMAT.md shows three whole files; all can be read, and together they have
// every key of the schema.
func TestTheExamplesOfFORMATAreModels(t *testing.T) {
	page, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	var examples []string
	for i, part := range strings.Split(string(page), "```yaml\n") {
		if i > 0 {
			text, _, _ := strings.Cut(part, "```")
			examples = append(examples, text)
		}
	}
	if len(examples) != 3 || examples[0] != sequenceYAML {
		t.Fatalf("%d examples, the first:\n%s", len(examples), examples[0])
	}
	data := map[string]string{
		"accounts.csv":                     "user,password,role\nann,secret,admin\n",
		"words.csv":                        "word\nlamp\n",
		"learned/rows/get-products-id.csv": "id\n1\n2\n",
		"learned/sessions.csv":             "user,behavior,browser,start,account\nu1,buyer,phone,0,accounts.user=ann&accounts.role=admin\n",
		"learned/acts.csv": "session,act,endpoint,variant,after,delay,strand,connection,row,status,takes,step,outcome,poll\n" +
			"1,1,GET /,,,,,1,,200,,,,\n1,2,POST /cart,empty,1,2.5,,1,,303,,,303,\n",
		"learned/elements.csv": "element,is,text\n1,value,17\n1,own,title=Blue shirt\n1,other,title=Red shirt\n1,its value,18\n2,value,a\n",
		"learned/think.csv":    "name,seconds\nbrowser,0.1 2.35 4\n",
	}
	s := compileSchema(t)
	for _, text := range examples {
		if _, err := readYAML(text, data); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
		if err := s.Validate(instance(t, []byte(text))); err != nil {
			t.Error(err)
		}
	}
	for _, key := range []string{"version", "mix", "behaviors", "endpoints", "bindings", "data", "recorded", "notes", "sessions", "elements", "start", "steps", "odds", "think", "median",
		"quantiles", "request", "values", "rows", "needs", "check", "method", "target", "headers", "body", "body_file", "events", "after", "since", "never_after",
		"status", "redirect", "content", "require", "known", "from", "pick", "evidence", "uses", "match", "shuffled", "origin", "flows", "users", "duration", "starts", "origins", "browsers", "weight", "loads", "at_once", "share",
		"delay", "group", "open", "strand", "every", "close", "pause", "next", "variants", "changes", "protocol", "trailers", "acts", "overrides", "edits", "unfit", "asset", "pace", "skip", "repeat", "times", "step", "before", "at", "of", "drop", "text", "refuse", "refused", "merge", "into", "rename", "to", "unresolved", "endpoint", "place", "example", "reason", "edit", "requests", "identifies", "codec", "template", "computed", "outcomes", "outcome", "poll", "facts", "links", "columns", "kinds", "account", "compared", "rests_on"} {
		if !strings.Contains(string(page), "`"+key) && !strings.Contains(string(page), key+": ") {
			t.Errorf("FORMAT.md does not explain %s", key)
		}
	}
}
