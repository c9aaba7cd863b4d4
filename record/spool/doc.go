// Package spool keeps bodies that are too long for memory in temporary files, until
// they are written into a recording.
//
//	f := s.File()
//	content, err := f.Open()
//	err = content.Close()
//
// The files have no names. Their content is encrypted under keys that only memory holds.
// So nothing reaches the disk in clear before it is redacted.
package spool
