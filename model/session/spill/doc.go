// Package spill sorts more records than memory holds.
//
//	s := spill.New(2)
//	defer s.Close()
//	for _, record := range []string{"bb", "aa"} {
//		if err := s.Add([]byte(record)); err != nil {
//			panic(err)
//		}
//	}
//	for record := range s.Sorted() {
//		fmt.Printf("%s ", record)
//	}
package spill
