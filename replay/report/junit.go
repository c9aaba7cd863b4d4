package report

import (
	"encoding/xml"
	"io"
	"strings"

	"github.com/starling-load/starling/replay/stats"
)

// A suite is the JUnit form of a run: a test for each verdict.
type suite struct {
	XMLName  xml.Name `xml:"testsuite"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Time     float64  `xml:"time,attr"`
	Cases    []test   `xml:"testcase"`
	Output   string   `xml:"system-out,omitempty"`
}

type test struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	Failure *failure `xml:"failure,omitempty"`
}

type failure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// writeJUnit writes a run as JUnit XML.
func writeJUnit(w io.Writer, run *stats.Run) error {
	s := run.Summary
	out := suite{Name: "starling " + run.Manifest.Source, Time: s.Duration}
	for _, j := range judgements(s) {
		one := test{Class: "starling", Name: j.Name}
		if !j.Good {
			one.Failure = &failure{Message: j.Name + ": " + j.Verdict, Text: strings.Join(j.Reasons, "\n")}
			out.Failures++
		}
		out.Cases = append(out.Cases, one)
	}
	out.Tests = len(out.Cases)
	var lines []string
	for _, line := range unresolved(s) {
		lines = append(lines, "unresolved: "+line)
	}
	for _, f := range figures(s) {
		lines = append(lines, f.Name+": "+f.Value)
	}
	out.Output = strings.Join(lines, "\n")
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
