"""Files of the form of two public logs, with one row for each of their quirks; nobody in them is real."""

_COLUMNS = (
    "vru+line call_id customer_id priority type date vru_entry vru_exit vru_time "
    "q_start q_exit q_time outcome ser_start ser_exit ser_time server"
)
_ROWS = """
AA0101 101 700 2 PS 990104 8:00:00 8:00:05 5 8:00:05 8:01:45 100 AGENT 8:01:44 8:03:00 76 RUTH
AA0101 102 0 0 NE 990104 8:10:00 8:10:09 9 0:00:00 0:00:00 0 AGENT 8:10:08 8:12:00 112 NO_SERVER
AA0101 103 700 2 PS 990104 8:20:00 8:20:04 4 8:20:04 8:22:04 120 HANG 8:22:05 8:22:11 6 NO_SERVER
AA0102 101 0 0 NW 990104 8:30:00 8:30:11 11 0:00:00 0:00:00 0 HANG 0:00:00 0:00:00 0 NO_SERVER
AA0102 104 1.5E+11 1 TT 990104 8:40:00 8:39:21 -39 8:39:21 8:39:51 30 AGENT 8:39:50 8:39:50 0 RUTH
AA0102 105 1.5E+11 1 IN 990104 8:50:00 8:50:06 6 8:50:06 8:50:46 40 AGENT 0:00:00 0:00:00 0 DAN
AA0103 106 701 1 PE 990131 23:59:20 23:59:23 3 23:59:28 0:00:03 35 AGENT 0:00:03 0:00:55 52 DAN
AA0103 107 702 0 AA 990131 23:40:00 23:40:05 5 23:40:05 23:41:05 60 AGENT 23:41:04 0:02:04 1260 DAN
AA0103 108 703 1 PS 990105 9:00:00 9:00:05 5 9:00:05 9:00:05 0 HANG 0:00:00 0:00:00 0 NO_SERVER
AA0103 109 0 0 NW 990105 9:10:00 9:10:05 5 9:10:05 9:12:05 120 PHANTOM 9:12:05 9:12:10 5 NO_SERVER
"""
CALLS = "\r\n".join("\t".join(line.split()) for line in (_COLUMNS, *_ROWS.strip().splitlines()))
"""Calls, as the Technion publishes them."""

COMPLAINTS = (
    "Date received,Product,Sub-product,Issue,Sub-issue,Consumer complaint narrative,Company public response,"
    "Company,State,ZIP code,Tags,Consumer consent provided?,Submitted via,Date sent to company,"
    "Company response to consumer,Timely response?,Consumer disputed?,Complaint ID\r\n"
    '02/28/23,"Payday loan, title loan",Title loan,Charged fees or interest you didn\'t expect,None,'
    '"I paid {$10.00} in XXXX.\n\nThey want ""more"".",None,"Loans & Co, Inc.",TX,750XX,None,'
    "Consent provided,Web,03/01/23,Closed with monetary relief,Yes,N/A,11\r\n"
    f"03/02/23,Payday loan,Pawn loan,Getting the loan,None,{'Too long. ' * 900},"
    "Company disputes the facts presented in the complaint,Loans,CA,900XX,Servicemember,"
    "Consent provided,Phone,03/02/23,Closed with explanation,No,N/A,12\r\n"
    "03/03/23,Payday loan,Pawn loan,Getting the loan,None,,None,Loans,CA,900XX,None,"
    "Consent not provided,Postal mail,10/20/23,Untimely response,No,N/A,13\r\n"
)
"""Complaints, as the Consumer Financial Protection Bureau exports them."""
