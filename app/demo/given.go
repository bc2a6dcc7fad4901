package demo

import "strings"

// reading is a part of a name (氏 or 名) with its kana.
type reading struct{ text, kana string }

// readings splits "佐藤:サトウ …" at white space; "_" stands for a space inside
// a part. A part without a colon is written in kana itself.
func readings(list string) []reading {
	var all []reading
	for _, part := range strings.Fields(list) {
		text, kana, ok := strings.Cut(strings.ReplaceAll(part, "_", " "), ":")
		if !ok {
			kana = text
		}
		all = append(all, reading{text, kana})
	}
	return all
}

// givenNames holds the given names by decade of birth, from the 1920s on:
// people of one age share the fashion of their year.
var givenNames = [][]reading{
	readings(`正:タダシ 清:キヨシ 正雄:マサオ 三郎:サブロウ 武雄:タケオ 金次郎:キンジロウ 栄作:エイサク
		キヨ ハル トメ ミツ フミ サダ 千代:チヨ`),
	readings(`弘:ヒロシ 勇:イサム 昭二:ショウジ 義雄:ヨシオ 勝男:カツオ 定吉:サダキチ 正一:ショウイチ
		和子:カズコ 節子:セツコ トシ ヨシヱ:ヨシエ 久子:ヒサコ 光子:ミツコ テル`),
	readings(`勝:マサル 勲:イサオ 進:ススム 紘一:コウイチ 勝利:カツトシ 征夫:ユキオ 忠:タダシ
		洋子:ヨウコ 紀子:ノリコ 悦子:エツコ 弘子:ヒロコ 勝子:カツコ 栄子:エイコ 征子:セイコ`),
	readings(`茂:シゲル 隆:タカシ 博:ヒロシ 修:オサム 豊:ユタカ 誠:マコト 和夫:カズオ
		恵子:ケイコ 京子:キョウコ 順子:ジュンコ 幸子:サチコ 由美子:ユミコ 美智子:ミチコ 明美:アケミ`),
	readings(`浩:ヒロシ 浩二:コウジ 哲也:テツヤ 聡:サトシ 和彦:カズヒコ 秀樹:ヒデキ 正人:マサト
		真由美:マユミ 久美子:クミコ 裕子:ユウコ 智子:トモコ 直美:ナオミ 由美:ユミ 陽子:ヨウコ`),
	readings(`健一:ケンイチ 大輔:ダイスケ 剛:ツヨシ 学:マナブ 直樹:ナオキ 貴志:タカシ 淳:ジュン
		香織:カオリ 美穂:ミホ 亜紀:アキ 恵:メグミ 優子:ユウコ 千春:チハル 純子:ジュンコ`),
	readings(`大介:ダイスケ 達也:タツヤ 和也:カズヤ 亮:リョウ 雄太:ユウタ 拓也:タクヤ 翼:ツバサ
		愛:アイ 麻衣:マイ 彩:アヤ 美咲:ミサキ 恵美:エミ 沙織:サオリ 舞:マイ`),
	readings(`翔太:ショウタ 拓海:タクミ 健太:ケンタ 大樹:ダイキ 涼:リョウ 優斗:ユウト 直人:ナオト
		彩花:アヤカ 萌:モエ 遥:ハルカ 七海:ナナミ 美優:ミユ 早紀:サキ 千尋:チヒロ`),
	readings(`大翔:ヒロト 蓮:レン 颯太:ソウタ 陸:リク 悠斗:ユウト 海斗:カイト 拓真:タクマ
		葵:アオイ 結衣:ユイ 陽菜:ヒナ 凜:リン 優花:ユウカ 美月:ミヅキ 心愛:ココア`),
	readings(`悠真:ユウマ 湊:ミナト 樹:イツキ 陽翔:ハルト 朝陽:アサヒ 大和:ヤマト 律:リツ
		結菜:ユイナ 芽依:メイ 咲良:サクラ 紬:ツムギ 莉子:リコ 杏:アン 凛:リン`),
	readings(`碧:アオ 蒼:アオイ 凪:ナギ 暖:ダン 伊織:イオリ 朔:サク 陽向:ヒナタ
		陽葵:ヒマリ 翠:スイ 芽生:メイ 澪:ミオ 紬希:ツムギ 心春:コハル 琴葉:コトハ`),
}

// givenNamesOf returns the names in fashion in the year.
func givenNamesOf(year int) []reading {
	decade := (year - 1920) / 10
	return givenNames[min(max(decade, 0), len(givenNames)-1)]
}

// foreignName is a stock of Latin-letter names in the order in which residence
// cards print them: family name first.
type foreignName struct{ family, given []reading }

var foreignNames = []foreignName{
	{readings(`NGUYEN:グエン TRAN:チャン LE:レ PHAM:ファム HOANG:ホアン`),
		readings(`VAN_NAM:バン_ナム THI_HOA:ティ_ホア THI_LAN:ティ_ラン DUC_MINH:ドゥック_ミン THU_TRANG:トゥー_チャン`)},
	{readings(`SANTOS:サントス REYES:レイエス GARCIA:ガルシア BAUTISTA:バウティスタ`),
		readings(`MARIA_LUISA:マリア_ルイサ JOSEPH_MARK:ジョセフ_マーク ANGELICA:アンジェリカ RICARDO:リカルド`)},
	{readings(`WANG:オウ LI:リ ZHANG:チョウ CHEN:チン`),
		readings(`XIAOMEI:シャオメイ JIANGUO:ジェングオ LIHUA:リーホア YUTONG:ユートン`)},
	{readings(`KIM:キム LEE:イ PARK:パク`),
		readings(`MINSEO:ミンソ JIHOON:ジフン EUNJI:ウンジ`)},
	{readings(`SMITH:スミス BROWN:ブラウン TAYLOR:テイラー`),
		readings(`EMILY_ROSE:エミリー_ローズ DANIEL_JAMES:ダニエル_ジェームズ OLIVIA:オリビア`)},
}
