package correlate

import (
	"fmt"
	"testing"
)

const asXML = "\nContent-Type: text/xml\n\n"

// soap is a SOAP message with one operation.
func soap(operation, content string) string {
	return asXML + `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><` + operation + `>` + content + `</` + operation + `></s:Body></s:Envelope>`
}

// A list in XML is an element that an answer has several times. A user picks one of it, also
// where the answer has one only.
func TestAPickFromAListInXML(t *testing.T) {
	room := func(k int) string { return fmt.Sprintf("<Room><Id>R%d</Id><Floor>floor %d</Floor></Room>", 40+k, k) }
	r := record(4, nil, func(p *tape, i int) {
		list := room(0) + room(1) + room(2)
		k := i % 3
		if i == 3 {
			list, k = room(1), 1
		}
		p.do("POST /hotel # ListRooms"+soap("ListRooms", "<all>yes</all>"), "200"+soap("ListRoomsResponse", list))
		p.do("POST /hotel # GetRoom"+soap("GetRoom", fmt.Sprintf("<id>R%d</id>", 40+k)), "200"+soap("GetRoomResponse", fmt.Sprintf("<Id>R%d</Id><Floor>floor %d</Floor>", 40+k, k)))
		p.do("POST /hotel # Book"+soap("Book", fmt.Sprintf("<room>R%d</room><guest>Guest %d</guest>", 40+k, i)), "200"+soap("BookResponse", "<Ok>true</Ok>"))
	})
	for i, k := range []int{0, 1, 2, 0} {
		want(t, fmt.Sprint("the room that session ", i, " opened"), where(r, "POST /hotel GetRoom", i, 1), fmt.Sprint("0 xml:Envelope/Body/ListRoomsResponse/Room/Id ", k))
	}
	want(t, "the guest", values(r, "POST /hotel Book"), "Id=bound Id, Envelope_Body_Book_guest=row")
}

// One session refers to what it has made, the others pick from the list.
func TestWhatWasJustMadeIsReferredToByItsIdentifier(t *testing.T) {
	r := record(3, nil, func(p *tape, i int) {
		at := i
		if i == 2 {
			at = 35
			p.do("POST /hotel # AddRoom"+soap("AddRoom", "<floor>3</floor>"), "200"+soap("AddRoomResponse", "<Id>R75</Id>"))
		} else {
			p.do("POST /hotel # ListRooms"+soap("ListRooms", "<all>yes</all>"), "200"+soap("ListRoomsResponse", "<Room><Id>R40</Id></Room><Room><Id>R41</Id></Room>"))
		}
		p.do("POST /hotel # GetRoom"+soap("GetRoom", fmt.Sprintf("<id>R%d</id>", 40+at)), "200"+soap("GetRoomResponse", fmt.Sprintf("<Id>R%d</Id>", 40+at)))
	})
	for i, source := range []string{"0 xml:Envelope/Body/ListRoomsResponse/Room/Id 0", "0 xml:Envelope/Body/ListRoomsResponse/Room/Id 1", "0 xml:Envelope/Body/AddRoomResponse/Id 0"} {
		want(t, fmt.Sprint("the room of session ", i), where(r, "POST /hotel GetRoom", i, 1), source)
	}
}

// What few sessions show is bound where the place has the name of its source; what is left is
// named.
func TestAnIdentifierInXMLIsTakenFromItsNamesakeOrNamed(t *testing.T) {
	r := record(3, nil, func(p *tape, i int) {
		if i == 2 {
			p.do("POST /hotel # Hello"+soap("Hello", "<a>b</a>"), "200"+soap("HelloResponse", "<Last>R7</Last>"))
			p.do("POST /hotel # Show"+soap("Show", "<a>b</a>"), "200"+soap("ShowResponse", "<Room><Id>R7</Id></Room>"))
			p.do("POST /hotel # CloseRoom"+soap("CloseRoom", "<id>R7</id>"), "200"+soap("CloseRoomResponse", "<Ok>true</Ok>"))
			return
		}
		p.do("POST /hotel # AddRoom"+soap("AddRoom", fmt.Sprintf("<floor>%d</floor>", 3+i)), "200"+soap("AddRoomResponse", fmt.Sprintf("<Id>R%d</Id>", 52+3*i)))
		p.do("POST /hotel # UpdateRoom"+soap("UpdateRoom", fmt.Sprintf("<id>R%d</id>", 52+3*i)), "200"+soap("UpdateRoomResponse", "<Ok>true</Ok>"))
	})
	want(t, "the room that was added", values(r, "POST /hotel UpdateRoom"), "Id=bound Id")
	want(t, "its source", from(r, "Id"), "POST /hotel AddRoom xml:Envelope/Body/AddRoomResponse/Id")
	want(t, "unresolved", fmt.Sprint(len(r.Unresolved)), "1")
	for _, u := range r.Unresolved {
		want(t, "what is left", u.Endpoint+" "+u.Place+": "+u.Reason, "POST /hotel CloseRoom body *|xml:Envelope/Body/CloseRoom/id: identifies what an earlier answer of POST /hotel Show gave, and is sent as recorded")
	}
}
