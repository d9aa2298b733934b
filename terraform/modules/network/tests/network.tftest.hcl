mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name        = "storywright-test"
  cidr        = "10.20.0.0/16"
  zones       = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  nat         = "single"
  log_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  log_days    = 365
}

run "three_zones_with_three_subnets_each_that_do_not_overlap" {
  assert {
    condition = alltrue([
      length(aws_subnet.public) == 3,
      length(aws_subnet.private) == 3,
      length(aws_subnet.intra) == 3,
      length(distinct(concat(values(aws_subnet.public)[*].cidr_block, values(aws_subnet.private)[*].cidr_block, values(aws_subnet.intra)[*].cidr_block))) == 9,
    ])
    error_message = "A zone lacks a subnet, or two share their addresses."
  }
  assert {
    condition     = tolist(values(aws_subnet.private)[*].cidr_block) == tolist(["10.20.0.0/19", "10.20.32.0/19", "10.20.64.0/19"])
    error_message = "The private subnets are not where the pods' addresses are planned."
  }
  assert {
    condition = tolist(concat(values(aws_subnet.public)[*].cidr_block, values(aws_subnet.intra)[*].cidr_block)) == tolist([
      "10.20.96.0/22", "10.20.100.0/22", "10.20.104.0/22", "10.20.112.0/22", "10.20.116.0/22", "10.20.120.0/22"
    ])
    error_message = "Public or intra subnets lie in the private ones' addresses."
  }
}

run "nothing_gets_a_public_address_by_being_started" {
  assert {
    condition     = alltrue([for subnet in concat(values(aws_subnet.public), values(aws_subnet.private), values(aws_subnet.intra)) : subnet.map_public_ip_on_launch != true])
    error_message = "A machine would be public by being started."
  }
  assert {
    condition     = length(aws_default_security_group.this.ingress) == 0 && length(aws_default_security_group.this.egress) == 0
    error_message = "The default security group lets something through."
  }
}

run "intra_subnets_have_no_way_out" {
  assert {
    condition     = toset([for route in concat([aws_route.public], values(aws_route.private)) : route.route_table_id]) == toset(concat([aws_route_table.public.id], values(aws_route_table.private)[*].id))
    error_message = "A route leads out of the intra subnets."
  }
  assert {
    condition     = contains(aws_vpc_endpoint.s3.route_table_ids, aws_route_table.intra.id) && length(aws_vpc_endpoint.s3.route_table_ids) == 4
    error_message = "S3 is not reached inside the network from every private and intra subnet."
  }
}

run "a_single_gateway_serves_all_zones" {
  assert {
    condition     = keys(aws_nat_gateway.this) == ["eu-central-1a"] && length(distinct(values(aws_route.private)[*].nat_gateway_id)) == 1
    error_message = "There is more than one NAT gateway."
  }
}

run "a_gateway_per_zone_keeps_the_others_when_one_is_lost" {
  variables {
    nat = "per_zone"
  }
  assert {
    condition     = alltrue([for zone, route in aws_route.private : route.nat_gateway_id == aws_nat_gateway.this[zone].id]) && length(aws_nat_gateway.this) == 3
    error_message = "A zone leaves through another one's gateway."
  }
}

run "endpoints_answer_inside_the_network_only_and_over_tls" {
  variables {
    interface_endpoints = ["sts", "ecr.api"]
  }
  assert {
    condition     = toset(values(aws_vpc_endpoint.interface)[*].service_name) == toset(["com.amazonaws.eu-central-1.sts", "com.amazonaws.eu-central-1.ecr.api"])
    error_message = "An endpoint leads somewhere else."
  }
  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : endpoint.private_dns_enabled && length(endpoint.subnet_ids) == 3])
    error_message = "An endpoint is missing in a zone, or its name leads outside."
  }
  assert {
    condition = alltrue([
      aws_vpc_security_group_ingress_rule.endpoints.cidr_ipv4 == "10.20.0.0/16",
      aws_vpc_security_group_ingress_rule.endpoints.from_port == 443,
      aws_vpc_security_group_ingress_rule.endpoints.to_port == 443,
    ])
    error_message = "An endpoint answers others, or without TLS."
  }
}

run "every_connection_is_written_down_encrypted" {
  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL" && aws_cloudwatch_log_group.flow_logs.kms_key_id == var.log_key_arn
    error_message = "Connections are not logged, or not encrypted."
  }
  assert {
    condition     = alltrue(flatten([for statement in data.aws_iam_policy_document.flow_logs.statement : [for resource in statement.resources : resource != "*"]]))
    error_message = "The role of the flow logs may write any log."
  }
}

run "pods_are_told_the_addresses_of_s3_in_order" {
  assert {
    condition     = output.s3_cidrs == tolist(["3.5.136.0/22", "52.219.0.0/16"]) && data.aws_ec2_managed_prefix_list.s3.name == "com.amazonaws.eu-central-1.s3"
    error_message = "The addresses are not those of S3 in this region, or change their order from plan to plan."
  }
}

run "two_zones_are_refused" {
  command = plan
  variables {
    zones = ["eu-central-1a", "eu-central-1b", "eu-central-1b"]
  }
  expect_failures = [var.zones]
}

run "a_network_too_small_for_pods_is_refused" {
  command = plan
  variables {
    cidr = "10.20.0.0/24"
  }
  expect_failures = [var.cidr]
}

run "what_is_no_network_is_refused" {
  command = plan
  variables {
    cidr = "everywhere"
  }
  expect_failures = [var.cidr]
}

run "an_unknown_way_out_is_refused" {
  command = plan
  variables {
    nat = "none"
  }
  expect_failures = [var.nat]
}

run "an_unknown_endpoint_is_refused" {
  command = plan
  variables {
    interface_endpoints = ["s4"]
  }
  expect_failures = [var.interface_endpoints]
}
