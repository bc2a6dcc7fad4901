package demo

import (
	"strings"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// municipalityCode is the code of 南部町 in 青森県 with its check digit (全国地方公共団体コード).
const municipalityCode = "024457"

// kindCodes are the two digits that the default payload profile reads as issue
// kinds. They are the product's own: J-LIS's list of codes is not public.
var kindCodes = map[string]string{
	"new": "01", "renewal": "02", "reissue": "03", "express": "04",
	"page_full": "05", "stay_changed": "06", "from_abroad": "07", "infant": "08",
}

// Payload returns the text of the person's QR code on a recipient list
// (交付対象者一覧) as the product's default payload profile reads it: one line
// of fields apart by commas — notice number as printed, application ID, issue
// kind, name, kana name, date of birth, postal code, address, municipality,
// made on, expires on. Dates are eight digits with 00 for what is unknown. The
// real layout is not public, so this one is a guess. One payload in five has
// its kana in half width, because lists of either kind must be read.
func Payload(p Person) string {
	kana := p.KanaName
	if strings.HasSuffix(p.ApplicationID, "0") || strings.HasSuffix(p.ApplicationID, "5") {
		kana = halfWidth(kana)
	}
	return strings.Join([]string{
		p.printedNumber(), p.ApplicationID, kindCodes[p.IssueKind], p.Name, kana, eight(p.Birth.String()),
		p.PostalCode, p.Address, municipalityCode, eight(p.MadeOn.String()), eight(p.ExpiresOn.String()),
	}, ",")
}

// printedNumber returns "ABC-123456".
func (p Person) printedNumber() string { return p.NoticeNumber[:3] + "-" + p.NoticeNumber[3:] }

func eight(date string) string { return strings.ReplaceAll(date, "-", "") }

// halfWidth takes voiced kana apart first: in half width the mark is a letter of its own.
func halfWidth(kana string) string { return width.Narrow.String(norm.NFD.String(kana)) }
