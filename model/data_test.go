package model

import "testing"

func TestColumnsByValueKnowOtherCases(t *testing.T) {
	columns := ColumnsByValue([]Source{{Name: "staff", Columns: []string{"user", "team", "mail"}, Rows: [][]string{
		{"kim07", "northern", "kim07"}, {"amanda", "northern", "a@x.test"}, {"mark", "southern", "m@x.test"}, {"AMANDA", "southern", "b@x.test"}}}})
	for value, want := range map[string]string{
		"kim07": "user", "Kim07": "user", "KIM07": "user", "Amanda": "user", "AMANDA": "user", "northern": "team",
		"Northern": "", "SOUTHERN": "", "Mark": "", "mark": "user", "A@X.TEST": "mail",
	} {
		if got := columns[value]; got != want {
			t.Errorf("%s is of column %q, want %q", value, got, want)
		}
	}
}
