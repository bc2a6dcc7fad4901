package demo

import (
	"testing"
	"time"

	"madoguchi/app/jp"
)

func TestPayloadOfTheDefaultProfile(t *testing.T) {
	p := Person{
		NoticeNumber: "ABC123456", ApplicationID: "01234567890123456789012", Name: "髙橋　ガク", KanaName: "タカハシ　ガク",
		Birth: jp.BirthDate{Year: 1950, Month: 5}, PostalCode: "0390802", Address: townPrefix + "苫米地字前田5番地１",
		IssueKind: "page_full", MadeOn: jp.Date{Year: 2026, Month: time.October, Day: 1}, ExpiresOn: jp.Date{Year: 2036, Month: time.May, Day: 31},
	}
	want := "ABC-123456,01234567890123456789012,05,髙橋　ガク,タカハシ　ガク,19500500,0390802," +
		"青森県三戸郡南部町大字苫米地字前田5番地１,024457,20261001,20360531"
	if got := Payload(p); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	p.ApplicationID = "01234567890123456789015"
	want = "ABC-123456,01234567890123456789015,05,髙橋　ガク,ﾀｶﾊｼ ｶﾞｸ,19500500,0390802," +
		"青森県三戸郡南部町大字苫米地字前田5番地１,024457,20261001,20360531"
	if got := Payload(p); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
