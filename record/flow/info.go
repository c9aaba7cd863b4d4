package flow

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// jsonInfo is an Info in Totals. The number of the recording is hexadecimal:
// not every reader of JSON keeps 64 bits.
type jsonInfo struct {
	Recording string `json:"recording,omitempty"`
	Part      uint64 `json:"part,omitempty"`
	Source    string `json:"source,omitempty"`
	Redaction string `json:"redaction,omitempty"`
	Sample    string `json:"sample,omitempty"`
}

// MarshalJSON writes the fields in lower case, Recording as 16 hexadecimal
// digits, and leaves out those that are empty.
func (i Info) MarshalJSON() ([]byte, error) {
	j := jsonInfo{Part: i.Part, Source: i.Source, Redaction: i.Redaction, Sample: i.Sample}
	if i.Recording != 0 {
		j.Recording = fmt.Sprintf("%016x", i.Recording)
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (i *Info) UnmarshalJSON(b []byte) error {
	var j jsonInfo
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	*i = Info{Part: j.Part, Source: j.Source, Redaction: j.Redaction, Sample: j.Sample}
	if j.Recording == "" {
		return nil
	}
	var err error
	if i.Recording, err = strconv.ParseUint(j.Recording, 16, 64); err != nil {
		return fmt.Errorf("number of the recording: %w", err)
	}
	return nil
}

// maxInfoText bounds each string of an Info in Totals, in bytes.
const maxInfoText = 256

// short returns the Info as Totals keep it: with valid UTF-8, which JSON needs,
// and strings of bounded length that hold on to nothing.
func (i *Info) short() Info {
	text := func(s string) string {
		return strings.Clone(strings.ToValidUTF8(s[:min(len(s), maxInfoText)], "\uFFFD"))
	}
	return Info{Recording: i.Recording, Part: i.Part, Source: text(i.Source), Redaction: text(i.Redaction), Sample: text(i.Sample)}
}

// jsonRoom is the greatest length of a short Info in JSON, where an invalid byte
// takes three and a control character six.
func jsonRoom(i *Info) int64 {
	n := 0
	for _, s := range [...]string{i.Source, i.Redaction, i.Sample} {
		n += min(len(s), maxInfoText)
	}
	return int64(128 + 6*n)
}
