// Package loose reads values as other programs write them: JSON with slips, numbers in
// quotes, times of many spellings.
package loose
