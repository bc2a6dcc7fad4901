package intake

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/postal"
	"madoguchi/app/sheet"
	"madoguchi/store"
)

func faultLabel(fault string) string { return sheet.Fault(fault).Label() }

// The most characters of what a list may say.
const (
	mostAddress  = 200
	mostBuilding = 100
	mostName     = 60
)

// entry is what one row says, taken apart.
type entry struct {
	number        card.NoticeNumber
	applicationID string
	name, kana    string
	birth         jp.BirthDate
	postalCode    jp.PostalCode
	address       string
	building      string
	kind          card.IssueKind
	madeOn        jp.Date
	expiresOn     jp.Date
}

func (e entry) personKey() string {
	if key := jp.KanaKey(e.kana); key != "" && !e.birth.IsZero() {
		return key + "|" + e.birth.String()
	}
	return ""
}

// defect is why a row cannot be read.
type defect struct {
	reason string
	cell   int
}

// form is how the rows of one file are read.
type form struct {
	list    List
	book    bool // it is a workbook, in which a day may be a number
	columns []FieldName
	kinds   map[string]card.IssueKind // by name, code and code of the list
}

func newForm(tx *store.Tx, f File) (form, error) {
	columns, err := f.Columns()
	out := form{list: f.List, columns: columns, kinds: map[string]card.IssueKind{}}
	if err != nil {
		return out, err
	}
	found, err := f.FoundOut()
	out.book = found.Charset == ""
	if err != nil || f.List != CardList {
		return out, err
	}
	kinds, err := card.Kinds(tx)
	if err != nil {
		return out, err
	}
	for _, k := range kinds {
		out.kinds[jp.Narrow(k.Name)], out.kinds[string(k.Code)] = k.Code, k.Code
	}
	_, profile, err := active(tx)
	for code, kind := range profile.IssueKinds {
		out.kinds[jp.Narrow(code)] = kind
	}
	return out, err
}

// read takes one row apart; what is empty is left open.
func (f form) read(cells []string) (e entry, d *defect) {
	for i, field := range f.columns {
		if field == Skip || i >= len(cells) {
			continue
		}
		value := strings.TrimSpace(cells[i])
		if value == "" {
			continue
		}
		if reason := f.readField(&e, field, value); reason != "" {
			return e, &defect{reason, i + 1}
		}
	}
	return e, f.missing(e)
}

// numberedDay is a day as a workbook keeps it where a cell has no format: 1927
// to 2064. Shorter numbers are never days.
var numberedDay = regexp.MustCompile(`^[1-5][0-9]{4}$`)

func (f form) readField(e *entry, field FieldName, value string) (reason string) {
	if f.book && (field == Birth || field == MadeOn || field == ExpiresOn) && numberedDay.MatchString(value) {
		if day, ok := sheet.DayOf(value); ok {
			value = day
		}
	}
	var err error
	switch field {
	case NoticeNumber:
		if e.number, err = card.ParseNoticeNumber(value); err != nil {
			return reasonNumber
		}
	case ApplicationID:
		if e.applicationID = plainDigits(value); len(e.applicationID) != 23 {
			return reasonApplication
		}
	case Birth:
		if e.birth, err = jp.ParseBirthDate(value); err != nil {
			return reasonBirth
		}
	case PostalCode:
		if e.postalCode, err = jp.ParsePostalCode(value); err != nil {
			return reasonPostal
		}
	case MadeOn, ExpiresOn:
		on, err := day(value)
		if err != nil {
			return reasonDay
		}
		if field == MadeOn {
			e.madeOn = on
		} else {
			e.expiresOn = on
		}
	case KindOfIssue:
		kind, known := f.kinds[jp.Narrow(value)]
		if !known {
			return reasonKind
		}
		e.kind = kind
	default:
		return e.setText(field, value)
	}
	return ""
}

func (e *entry) setText(field FieldName, value string) (reason string) {
	into, most := map[FieldName]*string{Name: &e.name, KanaName: &e.kana, Address: &e.address, Building: &e.building}[field], mostName
	switch field {
	case Address:
		most = mostAddress
	case Building:
		most = mostBuilding
	}
	if into == nil {
		return ""
	}
	if utf8.RuneCountInString(value) > most {
		return reasonLong
	}
	*into = value
	return ""
}

func (f form) has(field FieldName) bool { return slices.Contains(f.columns, field) }

// missing says what a row must not leave open.
func (f form) missing(e entry) *defect {
	tied := e.number != "" || e.applicationID != "" || e.personKey() != ""
	switch {
	case f.list == AddressList && e.address == "":
		return &defect{reason: reasonAddress, cell: slices.Index(f.columns, Address) + 1}
	case f.list == CardList && e.number == "":
		return &defect{reason: reasonNumber, cell: slices.Index(f.columns, NoticeNumber) + 1}
	case f.list == CardList && e.birth.IsZero():
		return &defect{reason: reasonBirth, cell: slices.Index(f.columns, Birth) + 1}
	case f.list == CardList && e.name == "" && e.kana == "":
		return &defect{reason: reasonName}
	case f.list == RenewalList && e.name == "" && e.kana == "":
		return &defect{reason: reasonName}
	case f.list == RenewalList && !e.birth.IsZero() && jp.NameKey(e.name) != "":
		return nil // a renewal list may have no kana: it is compared, nothing is sent by it
	case !tied:
		return &defect{reason: reasonNoTie}
	}
	return nil
}

// matcher compares rows with what is on record when it is made.
type matcher struct {
	form
	known    []card.Known
	targets  []card.RenewalTarget
	byNumber map[card.NoticeNumber]int
	byID     map[string]int
	byPerson map[string][]int
	dict     *postal.Dictionary
	home     postal.Default
	seen     map[string]seen // by what a row was tied to
	rows     []Row
}

// seen is the first row that was tied to somebody.
type seen struct {
	index   int
	content entry
}

func newMatcher(tx *store.Tx, f File, dict *postal.Dictionary) (*matcher, error) {
	form, err := newForm(tx, f)
	if err != nil {
		return nil, err
	}
	m := &matcher{form: form, dict: dict, byNumber: map[card.NoticeNumber]int{}, byID: map[string]int{}, byPerson: map[string][]int{}, seen: map[string]seen{}}
	if m.home, err = HomeTown(tx, dict); err != nil {
		return nil, err
	}
	if f.List == RenewalList {
		m.targets, err = card.RenewalTargets(tx)
		for i, t := range m.targets {
			m.index(i, t.NoticeNumber, t.ApplicationID, renewalKeys(t.KanaKey, t.NameKey, t.Birth))
		}
		return m, err
	}
	m.known, err = card.AllKnown(tx)
	for i, k := range m.known {
		m.index(i, k.NoticeNumber, k.ApplicationID, []string{entry{kana: k.KanaName, birth: k.Birth}.personKey()})
	}
	return m, err
}

func renewalKeys(kanaKey, nameKey string, birth jp.BirthDate) (keys []string) {
	if birth.IsZero() {
		return nil
	}
	if kanaKey != "" {
		keys = append(keys, kanaKey+"|"+birth.String())
	}
	if nameKey != "" {
		keys = append(keys, "name:"+nameKey+"|"+birth.String())
	}
	return keys
}

func (m *matcher) index(i int, number card.NoticeNumber, id string, people []string) {
	if number != "" {
		m.byNumber[number] = i
	}
	if id != "" {
		m.byID[id] = i
	}
	for _, key := range people {
		if key != "" {
			m.byPerson[key] = append(m.byPerson[key], i)
		}
	}
}

// match says what a row would do, and what is to be held of it.
func (m *matcher) match(r sheet.Row) card.HeldRow {
	held := card.HeldRow{Number: r.Number, Cells: r.Cells}
	row := Row{Number: r.Number, Private: r.Private}
	if r.Private > 0 {
		row.mark(MarkPrivate)
	}
	e, wrong := m.read(r.Cells)
	for _, f := range r.Faults {
		if f.Column == 0 || f.Column <= len(m.columns) && m.columns[f.Column-1] != Skip {
			wrong = &defect{reasonSheet + string(f.Fault), f.Column}
			break
		}
	}
	switch {
	case wrong != nil:
		row.Outcome, row.Reason, row.Cell = Defect, wrong.reason, wrong.cell
	case m.list == AddressList:
		m.matchAddress(&row, &held, e)
	case m.list == RenewalList:
		m.matchRenewal(&row, e)
	default:
		m.matchCard(&row, &held, e)
	}
	m.repeated(&row, e)
	m.rows = append(m.rows, row)
	return held
}

func (r *Row) mark(mark string) { r.Marks = strings.TrimSpace(r.Marks + " " + mark) }

// repeated looks for an earlier row about the same person.
func (m *matcher) repeated(row *Row, e entry) {
	if row.Outcome == Defect {
		return
	}
	key := fmt.Sprintf("id:%d", row.SubjectID)
	if row.SubjectID == 0 {
		switch {
		case row.Outcome == Absent || row.Outcome == Ambiguous:
			return
		case e.number != "":
			key = "number:" + string(e.number)
		case e.personKey() != "":
			key = "person:" + e.personKey()
		default:
			key = "name:" + jp.NameKey(e.name) + e.birth.String()
		}
	}
	first, again := m.seen[key]
	if !again {
		m.seen[key] = seen{len(m.rows), e}
		return
	}
	before := &m.rows[first.index]
	row.Outcome, row.Reason, row.OtherRow = Duplicate, reasonTwice, before.Number
	if first.content != e {
		row.Reason = reasonTwiceOther
		if before.Outcome == New || before.Outcome == Differs {
			before.Outcome, before.Reason, before.OtherRow = Ambiguous, reasonTwiceOther, row.Number
		}
	}
}

// tie finds whose row this is: by number, then application ID, then kana and
// date of birth, which a person must confirm; never by a name alone.
func (m *matcher) tie(row *Row, e entry) (k *card.Known) {
	byNumber, hasNumber := m.byNumber[e.number]
	byID, hasID := m.byID[e.applicationID]
	hasNumber, hasID = hasNumber && e.number != "", hasID && e.applicationID != ""
	switch {
	case hasNumber && hasID && byNumber != byID:
		row.Outcome, row.Reason = Ambiguous, reasonTwoCards
		row.offer(m.known[byNumber], m.known[byID])
		return nil
	case hasNumber:
		k, row.Tied = &m.known[byNumber], "notice_number"
	case hasID:
		k, row.Tied = &m.known[byID], "application_id"
	default:
		m.tieByPerson(row, e)
		return nil
	}
	row.SubjectID, row.VersionBefore = int64(k.ID), k.PersonVersion
	if !e.birth.IsZero() && !k.Birth.IsZero() && !e.birth.Matches(k.Birth) {
		row.Outcome, row.Reason = Ambiguous, reasonContradicts
		row.offer(*k)
		row.SubjectID = 0
		return nil
	}
	if e.name != "" && jp.NameKey(e.name) != k.NameKey && (e.kana == "" || jp.KanaKey(e.kana) != k.KanaKey) {
		row.mark(MarkNameDiffers)
	}
	return k
}

func (m *matcher) tieByPerson(row *Row, e entry) {
	var open, all []card.Known
	for _, i := range m.byPerson[e.personKey()] {
		all = append(all, m.known[i])
		if !m.known[i].Issued {
			open = append(open, m.known[i])
		}
	}
	if len(open) == 0 {
		open = all
	}
	switch len(open) {
	case 0:
		row.Outcome = Absent
	case 1:
		row.Outcome, row.Reason, row.Tied = Ambiguous, reasonConfirm, "kana_birth"
	default:
		row.Outcome, row.Reason, row.Tied = Ambiguous, reasonSeveral, "kana_birth"
	}
	row.offer(open...)
}

func (r *Row) offer(all ...card.Known) {
	var ids []string
	for _, k := range all {
		ids = append(ids, fmt.Sprint(int64(k.ID)))
	}
	r.Candidates = strings.Join(ids, " ")
}

// matchAddress compares a row of an address list.
func (m *matcher) matchAddress(row *Row, held *card.HeldRow, e entry) {
	k := m.tie(row, e)
	if row.Outcome == Absent {
		return
	}
	m.findPostalCode(row, held, e)
	if k == nil {
		if row.Reason == reasonConfirm && len(strings.Fields(row.Candidates)) == 1 {
			m.confirmSame(row, held, e)
		}
		return
	}
	m.compareAddress(row, held, e, k)
}

// confirmSame spares a person the question when the only candidate has this
// very address already.
func (m *matcher) confirmSame(row *Row, held *card.HeldRow, e entry) {
	for i := range m.known {
		k := &m.known[i]
		if fmt.Sprint(int64(k.ID)) != row.Candidates {
			continue
		}
		if trial := *row; true {
			m.compareAddress(&trial, held, e, k)
			if trial.Outcome == Same {
				row.Outcome, row.Reason, row.SubjectID = Same, "", int64(k.ID)
			}
		}
	}
}

func (m *matcher) compareAddress(row *Row, held *card.HeldRow, e entry, k *card.Known) {
	var fields []string
	moved := jp.Fold(k.Address) != jp.Fold(e.address)
	if moved {
		fields = append(fields, string(Address))
	}
	if m.has(Building) && jp.Fold(k.Building) != jp.Fold(e.building) {
		fields = append(fields, string(Building))
	}
	if code := held.PostalCode; code != string(k.PostalCode) && (code != "" || moved) {
		fields = append(fields, string(PostalCode))
	}
	row.Fields = strings.Join(fields, " ")
	switch {
	case len(fields) == 0:
		row.Outcome = Same
	case k.Address == "":
		row.Outcome = New
	default:
		row.Outcome = Differs
		if moved {
			row.mark(MarkMoved)
		}
	}
}

// findPostalCode fills in the code that the row names or the dictionary is
// sure of; otherwise the candidates are for a person, and never a
// municipality's default.
func (m *matcher) findPostalCode(row *Row, held *card.HeldRow, e entry) {
	answer := m.dict.Lookup(e.address, m.home)
	for _, c := range answer.Candidates {
		held.PostalCodes = append(held.PostalCodes, c.Code)
	}
	switch {
	case e.postalCode != "":
		held.PostalCode = string(e.postalCode)
		if answer.Tier == postal.Sure && answer.Code != held.PostalCode {
			row.mark(MarkPostalDiffers)
		}
	case answer.Tier == postal.Sure:
		held.PostalCode = answer.Code
	default:
		row.mark(MarkPostalUnclear)
	}
	if m.outside(e.address, answer) {
		row.mark(MarkOutside)
	}
}

// outside reports an address in another municipality; where the dictionary does
// not know it, one that begins with another prefecture.
func (m *matcher) outside(address string, answer postal.Answer) bool {
	if len(answer.Candidates) > 0 {
		c := answer.Candidates[0]
		return c.Prefecture != m.home.Prefecture || c.Municipality != m.home.County+m.home.Municipality
	}
	runes := []rune(address)
	for i := 2; i < min(4, len(runes)); i++ {
		if strings.ContainsRune("都道府県", runes[i]) {
			return string(runes[:i+1]) != m.home.Prefecture
		}
	}
	return false
}

// matchRenewal compares a row of a renewal list with those on it before.
func (m *matcher) matchRenewal(row *Row, e entry) {
	i, found := m.byNumber[e.number]
	found = found && e.number != ""
	if !found && e.applicationID != "" {
		i, found = m.byID[e.applicationID]
	}
	if !found {
		for _, key := range renewalKeys(jp.KanaKey(e.kana), jp.NameKey(e.name), e.birth) {
			if all := m.byPerson[key]; len(all) == 1 {
				i, found = all[0], true
				break
			}
		}
	}
	if !found {
		row.Outcome = New
		return
	}
	t := m.targets[i]
	row.SubjectID, row.VersionBefore = t.ID, t.Version
	row.Fields = strings.Join(t.Differs(e.renewal()), " ")
	row.Outcome = Same
	if row.Fields != "" {
		row.Outcome = Differs
	}
}

func (e entry) renewal() card.RenewalTarget {
	return card.RenewalTarget{NoticeNumber: e.number, ApplicationID: e.applicationID, Name: e.name, KanaName: e.kana, Birth: e.birth,
		Address: e.address, ExpiresOn: e.expiresOn}
}

// matchCard looks whether a card is on record already.
func (m *matcher) matchCard(row *Row, held *card.HeldRow, e entry) {
	if e.address != "" {
		m.findPostalCode(row, held, e)
	} else {
		held.PostalCode = string(e.postalCode)
	}
	i, found := m.byNumber[e.number]
	if !found {
		if j, taken := m.byID[e.applicationID]; taken && e.applicationID != "" {
			row.Outcome, row.Reason, row.SubjectID = Duplicate, reasonIDTaken, int64(m.known[j].ID)
			return
		}
		row.Outcome = New
		return
	}
	k := m.known[i]
	row.SubjectID = int64(k.ID)
	if e.birth == k.Birth && (e.name == "" || jp.NameKey(e.name) == k.NameKey) {
		row.Outcome, row.Reason = Same, reasonRegistered
		return
	}
	row.Outcome, row.Reason = Duplicate, reasonRegistered
}

var errNoRow = errors.New("row is not held")
