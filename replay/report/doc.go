// Package report writes the result of a run in the forms that other programs read: a
// web page, Markdown for a pull request, JUnit XML for a CI server, and CSV.
//
//	err := report.Write(os.Stdout, "csv", run)
//
// All of them say first whether the run was valid, whether it was like the recording,
// and which of its values nothing explains. Text and JSON are those of package stats.
package report
