package stats

import (
	"time"

	"github.com/starling-load/starling/replay/faithful"
)

// A Manifest says what a run was: everything needed to start it again, and to
// judge whether two runs can be compared.
type Manifest struct {
	Version   string        `json:"version"` // of Starling
	Seed      uint64        `json:"seed"`
	Source    string        `json:"source"`     // name of the model folder or flow file, or the URL
	ModelHash string        `json:"model_hash"` // of the bytes of the source
	Target    string        `json:"target"`     // scheme://host:port
	Schedule  string        `json:"schedule"`   // for people: "recorded arrivals × 10 for 20s"
	Users     int           `json:"users,omitempty"`
	Rate      float64       `json:"rate,omitempty"` // sessions per second
	Scale     float64       `json:"scale,omitempty"`
	Speed     float64       `json:"speed,omitempty"`
	Duration  time.Duration `json:"duration_ns,omitempty"` // as planned; 0: until the work is done
	Start     time.Time     `json:"start"`
	Host      Host          `json:"host"`
	Labels    []string      `json:"labels,omitempty"` // free, "release=1.4"

	// Recorded is what the run is compared with. nil: the source has no recording.
	Recorded *faithful.Recorded `json:"recorded,omitempty"`

	// Assets are the endpoints that are parts of pages, such as styles and images.
	Assets []string `json:"assets,omitempty"`

	// Unresolved are the varying values of the source that nothing explains.
	Unresolved []Unresolved `json:"unresolved,omitempty"`
}

// An Unresolved is a varying value of requests whose origin is not known. It is sent
// as it was recorded, although the target may expect another.
type Unresolved struct {
	Endpoint string `json:"endpoint"`          // its name
	Place    string `json:"place"`             // where requests carry it, such as "header X-Signature"
	Example  string `json:"example,omitempty"` // a recorded value, masked; "": none
	Reason   string `json:"reason"`            // why it is not explained
	Edit     string `json:"edit,omitempty"`    // what a person can do about it; "": nothing
	Requests int    `json:"requests"`          // recorded requests that carried it

	// Identifies says that the value tells what a request is about, so that another target may
	// have something else by it.
	Identifies bool `json:"identifies,omitempty"`
}

// A Host is the machine that wrote the run file.
type Host struct {
	Name  string `json:"name"`
	OS    string `json:"os"`
	Arch  string `json:"arch"`
	Cores int    `json:"cores"`
	Go    string `json:"go"`
}
