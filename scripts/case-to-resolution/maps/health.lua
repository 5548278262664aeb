-- How an account does, as sales see it on the account.
map "salesforce.Account <- account_health@1" {
  Account_No__c         = as.key "account_no",
  Health__c             = as.enum("health", { ["Good"] = "good", ["Watch"] = "watch", ["At risk"] = "at risk" }),
  Credits_12_Months__c  = "credits",
  Last_Claim__c         = "last_claim_no",
  Last_Claim_Outcome__c = "last_outcome",
  Last_Credit_Note__c   = "last_credit_note_no",
}
