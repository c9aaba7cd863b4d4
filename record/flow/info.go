package flow

import (
	"encoding/json"
	"fmt"
	"strconv"
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
