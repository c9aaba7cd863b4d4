package modelled

import (
	"net/http"
	"strconv"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

// An outcome is what an act expects.
type outcome struct {
	judge  *model.Judge
	status int  // of the recorded answer; 0: any that judge accepts
	exact  int  // status that the answer must have, since nothing else tells it apart; 0: none
	lax    bool // the recording tells nothing: whatever is not refused will do
}

// blankOf tells, by the name of the outcome and "" for any, of which answers of e nothing
// but the status is looked at.
func blankOf(e *model.Endpoint) map[string]bool {
	blank := map[string]bool{"": e.Check.StatusOnly()}
	for i := range e.Outcomes {
		blank[e.Outcomes[i].Name] = e.Outcomes[i].StatusOnly()
	}
	return blank
}

// outcomeOf returns what a recorded act expects: the outcome that it names, or what the
// endpoint accepts with the recorded status.
func (s *source) outcomeOf(a *model.Act) outcome {
	e := &s.endpoints[s.index[a.Endpoint]]
	exact := 0
	if e.blank[a.Outcome] && a.Status/100 == 2 && a.Status != http.StatusOK {
		exact = a.Status
	}
	if judge := e.outcomes[a.Outcome]; judge != nil {
		return outcome{judge: s.judgeOf(judge, e, a), exact: exact}
	}
	return outcome{judge: s.judgeOf(e.judge, e, a), status: a.Status, exact: exact, lax: e.lax && a.Status == 0}
}

// judgeOf is a judge of e for the answer to a: that for writes if it is one.
func (s *source) judgeOf(j *model.Judge, e *endpoint, a *model.Act) *model.Judge {
	if len(e.variants) > 0 && s.variantOf(a).writes {
		return e.ofWrites[j]
	}
	return j
}

// check judges an answer. From 400 on the recorded status must be the same; below it
// must be of the same class, and 304 counts as 200.
func (o outcome) check(resp *flow.Response, doc *content.Doc) (name, detail string) {
	name, detail = o.judge.Judge(resp, doc)
	switch {
	case name == "" && o.exact != 0 && resp.Status != o.exact && resp.Status != http.StatusNotModified:
		return model.FailStatus, "status " + strconv.Itoa(resp.Status) + " instead of " + strconv.Itoa(o.exact)
	case name == "" && o.lax && resp.Status >= http.StatusBadRequest:
		return model.FailStatus, http.StatusText(resp.Status)
	}
	if o.status == 0 || name == model.FailLogin || sameStatus(o.status, resp.Status) {
		return name, detail
	}
	return model.FailStatus, "status " + strconv.Itoa(resp.Status) + " instead of " + strconv.Itoa(o.status)
}

func sameStatus(want, got int) bool {
	if want >= 400 || got >= 400 {
		return want == got
	}
	return class(want) == class(got)
}

// class is the class of a status. 304 counts as 200: the resource is there, unchanged.
func class(status int) int {
	if status == http.StatusNotModified {
		return http.StatusOK / 100
	}
	return status / 100
}
